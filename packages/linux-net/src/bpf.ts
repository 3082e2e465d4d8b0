/** One instruction of a classic BPF program (Linux `struct sock_filter`). */
export interface BpfInstruction {
  readonly code: number
  /** Instructions to skip if the condition holds, 0–255. */
  readonly jt: number
  /** … and if it does not. */
  readonly jf: number
  /** Constant or offset, unsigned 32 bits. */
  readonly k: number
}

/** The operation codes used here (Linux `bpf_common.h`); loads go to the accumulator. */
export const BPF = {
  LOAD_WORD: 0x20,
  LOAD_HALF: 0x28,
  LOAD_BYTE: 0x30,
  JUMP: 0x05,
  JUMP_EQUAL: 0x15,
  JUMP_GREATER: 0x25,
  JUMP_GREATER_OR_EQUAL: 0x35,
  RETURN: 0x06
} as const

/** Offsets at which a load gives what the kernel knows about the frame (Linux `filter.h`, SKF_AD_OFF = −4096). */
export const BPF_ANCILLARY = {
  PACKET_TYPE: 0xffff_f004,
  INTERFACE_INDEX: 0xffff_f008,
  VLAN_TAG_PRESENT: 0xffff_f030
} as const

/** Longest program that the kernel takes. */
export const BPF_MAX_INSTRUCTIONS = 4096

/** A program as the kernel reads it: 8 bytes an instruction, in the byte order of the host. */
export function encodeBpf(program: readonly BpfInstruction[], littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(program.length * 8)
  const view = new DataView(bytes.buffer)
  program.forEach(({ code, jt, jf, k }, i) => {
    view.setUint16(i * 8, code, littleEndian)
    view.setUint8(i * 8 + 2, jt)
    view.setUint8(i * 8 + 3, jf)
    view.setUint32(i * 8 + 4, k, littleEndian)
  })
  return bytes
}
