import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** The last line of an answer: a code, and no dash behind it. */
const LAST_LINE = /^\d{4} .*\n$/m

/** BIRD's control socket: what `birdc` talks to, without a process for each question. */
export class BirdControl {
  readonly #socket: Socket
  #text = ''
  #answered: ((text: string) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#receive(text))
    // Its end is seen by whoever asks next.
    socket.on('error', () => undefined)
  }

  /** @throws the system's error if nobody listens */
  static async open(path: string): Promise<BirdControl> {
    const socket = connect(path)
    await once(socket, 'connect')
    const control = new BirdControl(socket)
    // It greets.
    await control.#next()
    return control
  }

  /** One question at a time. */
  async ask(command: string): Promise<string> {
    const answer = this.#next()
    this.#socket.write(`${command}\n`)
    return answer
  }

  /** Routes that protocols whose names begin so have imported: kept by BIRD as a number, so that asking costs it little. */
  async imported(prefix: string): Promise<number> {
    const shown = await this.ask(`show protocols all "${prefix}*"`)
    return [...shown.matchAll(/Routes: +(\d+) imported/g)].reduce((sum, [, count]) => sum + Number(count), 0)
  }

  close(): void {
    this.#socket.destroy()
  }

  async #next(): Promise<string> {
    this.#text = ''
    return new Promise((resolve) => {
      this.#answered = resolve
    })
  }

  #receive(text: string): void {
    this.#text += text
    if (!LAST_LINE.test(this.#text)) return
    this.#answered?.(this.#text)
    this.#answered = undefined
  }
}
