import { IS_LITTLE_ENDIAN, libc } from './libc.ts'

/** What recvmmsg(2) fills. The arrays point into each other by address, so they are kept together. */
export interface ReceiveMemory {
  readonly messages: Uint8Array
  readonly view: DataView
  readonly vectors: Uint8Array
  readonly packets: Uint8Array
  readonly addresses: Uint8Array
  readonly messageBytes: number
  readonly lengthOffset: number
}

export interface ReceiveMemorySize {
  /** How many packets are read with one call. */
  readonly count: number
  /** Room for each of them. */
  readonly packetBytes: number
  /** Room for the address of a sender: exactly what the family uses, since the kernel writes the length back. */
  readonly addressBytes: number
}

/**
 * `struct mmsghdr` is `struct msghdr` and an `unsigned int` that recvmmsg sets to the length of the packet. msghdr is
 * name, namelen, iov, iovlen, control, controllen, flags, each aligned to a word: 56 bytes, or 28 on 32-bit systems.
 */
export function allocateReceiveMemory(size: ReceiveMemorySize): ReceiveMemory {
  const { count, packetBytes, addressBytes } = size
  const { address, pointerBytes: word } = libc()
  const headerBytes = 7 * word
  const messageBytes = headerBytes + word
  const messages = new Uint8Array(count * messageBytes)
  const vectors = new Uint8Array(count * 2 * word)
  const packets = new Uint8Array(count * packetBytes)
  const addresses = new Uint8Array(count * addressBytes)
  const [view, vectorView] = [new DataView(messages.buffer), new DataView(vectors.buffer)]
  const setWord = (target: DataView, offset: number, value: bigint): void => {
    if (word === 8) target.setBigUint64(offset, value, IS_LITTLE_ENDIAN)
    else target.setUint32(offset, Number(value), IS_LITTLE_ENDIAN)
  }
  for (let i = 0; i < count; i += 1) {
    const message = i * messageBytes
    setWord(vectorView, i * 2 * word, address(packets) + BigInt(i * packetBytes))
    setWord(vectorView, i * 2 * word + word, BigInt(packetBytes))
    setWord(view, message, address(addresses) + BigInt(i * addressBytes))
    view.setUint32(message + word, addressBytes, IS_LITTLE_ENDIAN)
    setWord(view, message + 2 * word, address(vectors) + BigInt(i * 2 * word))
    setWord(view, message + 3 * word, 1n)
  }
  return { messages, view, vectors, packets, addresses, messageBytes, lengthOffset: headerBytes }
}
