import { BPF, type BpfInstruction } from './bpf.ts'
import type { NumberRange } from './ranges.ts'

/** A place in the program: how many instructions there are from it to the end. */
type Label = number

/** A conditional jump reaches 255 instructions; some room is left for a trampoline that is put in between. */
const REACH = 253

type Condition = typeof BPF.JUMP_EQUAL | typeof BPF.JUMP_GREATER | typeof BPF.JUMP_GREATER_OR_EQUAL

/**
 * Builds a program from its end to its beginning. BPF jumps forward only, so each target is known when it is used.
 * A target that is too far for a conditional jump is reached by an unconditional one in between.
 */
export class BpfBuilder {
  readonly #reversed: BpfInstruction[] = []
  readonly #trampolines: Map<Label, Label> = new Map()

  /** The instruction that was put last, which is the next to be executed. */
  get here(): Label {
    return this.#reversed.length
  }

  /** Ends the program: 0 drops the frame, else so many bytes of it are kept. */
  return(bytes: number): Label {
    return this.#put(BPF.RETURN, bytes)
  }

  /** Loads, and goes on with what was put before. */
  load(code: typeof BPF.LOAD_WORD | typeof BPF.LOAD_HALF | typeof BPF.LOAD_BYTE, offset: number): Label {
    return this.#put(code, offset)
  }

  jump(target: Label): Label {
    if (target === this.here) return target
    return this.#put(BPF.JUMP, this.here - target)
  }

  /** Compares the accumulator with `k`, unsigned. */
  jumpIf(condition: Condition, k: number, yes: Label, no: Label): Label {
    const yesLabel = this.#near(yes)
    const noLabel = this.#near(no)
    return this.#put(condition, k, this.here - yesLabel, this.here - noLabel)
  }

  /** Loads, and goes on with what was put before if the value is `k`, or else to `no`. */
  require(
    code: typeof BPF.LOAD_WORD | typeof BPF.LOAD_HALF | typeof BPF.LOAD_BYTE,
    offset: number,
    k: number,
    no: Label
  ): Label {
    this.jumpIf(BPF.JUMP_EQUAL, k, this.here, no)
    return this.load(code, offset)
  }

  /** Binary search of the accumulator in ranges that are sorted and apart. */
  search(ranges: readonly NumberRange[], yes: Label, no: Label): Label {
    const [only] = ranges
    if (only === undefined) return this.jump(no)
    if (ranges.length === 1) {
      const { first, last } = only
      if (first === last) return this.jumpIf(BPF.JUMP_EQUAL, first, yes, no)
      const notAbove = this.jumpIf(BPF.JUMP_GREATER, last, no, yes)
      return this.jumpIf(BPF.JUMP_GREATER_OR_EQUAL, first, notAbove, no)
    }
    const middle = ranges.length >>> 1
    const upper = ranges.slice(middle)
    const right = this.search(upper, yes, no)
    const left = this.search(ranges.slice(0, middle), yes, no)
    return this.jumpIf(BPF.JUMP_GREATER_OR_EQUAL, upper[0]?.first ?? 0, right, left)
  }

  build(): readonly BpfInstruction[] {
    return this.#reversed.toReversed()
  }

  #near(target: Label): Label {
    if (this.here - target <= REACH) return target
    const known = this.#trampolines.get(target)
    if (known !== undefined && this.here - known <= REACH) return known
    const trampoline = this.#put(BPF.JUMP, this.here - target)
    this.#trampolines.set(target, trampoline)
    // Execution must not fall into it: the caller's jump is put before it and leads past it.
    return trampoline
  }

  #put(code: number, k: number, jt = 0, jf = 0): Label {
    this.#reversed.push({ code, jt, jf, k: k >>> 0 })
    return this.here
  }
}
