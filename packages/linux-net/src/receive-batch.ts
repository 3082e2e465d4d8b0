import { ERRNO, LinuxNetError } from './errors.ts'
import { IS_LITTLE_ENDIAN, libc } from './libc.ts'
import type { ReceiveRound } from './packet-socket.ts'

const MSG_DONTWAIT = 0x40
const FRAMES = 64
/** ARP and ND frames are short, but ND options may fill a frame of 9000; what is longer is cut and told by its length. */
const FRAME_BYTES = 9216
const ADDRESS_BYTES = 20

/** Memory for reading many frames with one call (recvmmsg(2)), laid out once. */
export class ReceiveBatch {
  #memory: Memory | undefined

  /** @throws LinuxNetError for an errno that does not go away by itself */
  receive(
    fd: number,
    onFrame: (frame: Uint8Array, interfaceIndex: number, packetType: number) => void
  ): ReceiveRound {
    const { recvmmsg, errno } = libc()
    this.#memory ??= allocate()
    const { messages, view, frames, addresses, messageBytes, lengthOffset } = this.#memory
    const count = recvmmsg(fd, messages, FRAMES, MSG_DONTWAIT, null)
    if (count < 0) return failed(errno())
    for (let i = 0; i < count; i += 1) {
      const length = Math.min(view.getUint32(i * messageBytes + lengthOffset, IS_LITTLE_ENDIAN), FRAME_BYTES)
      const start = i * FRAME_BYTES
      const interfaceIndex = addresses.getInt32(i * ADDRESS_BYTES + 4, IS_LITTLE_ENDIAN)
      const packetType = addresses.getUint8(i * ADDRESS_BYTES + 10)
      onFrame(frames.subarray(start, start + length), interfaceIndex, packetType)
    }
    return { frames: count, errors: 0, isFull: count === FRAMES }
  }
}

function failed(errno: number): ReceiveRound {
  if (errno === ERRNO.EAGAIN) return { frames: 0, errors: 0, isFull: false }
  // Each is reported once and is then over: an interface went down, the kernel was short of memory, a signal came.
  if (errno === ERRNO.ENETDOWN || errno === ERRNO.ENOBUFS || errno === ERRNO.ENXIO || errno === ERRNO.EINTR)
    return { frames: 0, errors: errno === ERRNO.EINTR ? 0 : 1, isFull: true }
  throw new LinuxNetError('recvmmsg', errno)
}

/** The arrays point into each other by address, so they are kept together. */
interface Memory {
  readonly messages: Uint8Array
  readonly view: DataView
  readonly vectors: Uint8Array
  readonly frames: Uint8Array
  readonly addresses: DataView
  readonly messageBytes: number
  readonly lengthOffset: number
}

/**
 * `struct mmsghdr` is `struct msghdr` and an `unsigned int` that recvmmsg sets to the length of the frame. msghdr is
 * name, namelen, iov, iovlen, control, controllen, flags, each aligned to a word: 56 bytes, or 28 on 32-bit systems.
 */
function allocate(): Memory {
  const { address, pointerBytes: word } = libc()
  const headerBytes = 7 * word
  const messageBytes = headerBytes + word
  const messages = new Uint8Array(FRAMES * messageBytes)
  const vectors = new Uint8Array(FRAMES * 2 * word)
  const frames = new Uint8Array(FRAMES * FRAME_BYTES)
  const addresses = new Uint8Array(FRAMES * ADDRESS_BYTES)
  const [view, vectorView] = [new DataView(messages.buffer), new DataView(vectors.buffer)]
  const setWord = (target: DataView, offset: number, value: bigint): void => {
    if (word === 8) target.setBigUint64(offset, value, IS_LITTLE_ENDIAN)
    else target.setUint32(offset, Number(value), IS_LITTLE_ENDIAN)
  }
  for (let i = 0; i < FRAMES; i += 1) {
    const message = i * messageBytes
    setWord(vectorView, i * 2 * word, address(frames) + BigInt(i * FRAME_BYTES))
    setWord(vectorView, i * 2 * word + word, BigInt(FRAME_BYTES))
    setWord(view, message, address(addresses) + BigInt(i * ADDRESS_BYTES))
    view.setUint32(message + word, ADDRESS_BYTES, IS_LITTLE_ENDIAN)
    setWord(view, message + 2 * word, address(vectors) + BigInt(i * 2 * word))
    setWord(view, message + 3 * word, 1n)
  }
  return {
    messages,
    view,
    vectors,
    frames,
    addresses: new DataView(addresses.buffer),
    messageBytes,
    lengthOffset: headerBytes
  }
}
