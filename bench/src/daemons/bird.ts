import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BirdControl } from './bird-control.ts'
import { DaemonProcess, untilAnswered } from './daemon-process.ts'

export interface BirdOptions {
  /** Unique in the directory. */
  readonly name: string
  readonly directory: string
  /** Words that enter its namespace. */
  readonly prefix: readonly string[]
  /** bird.conf. */
  readonly config: string
}

/** A running BIRD 2. */
export class Bird {
  readonly process: DaemonProcess
  readonly control: BirdControl

  private constructor(process: DaemonProcess, control: BirdControl) {
    this.process = process
    this.control = control
  }

  static async start({ name, directory, prefix, config }: BirdOptions): Promise<Bird> {
    const file = (suffix: string): string => join(directory, `${name}.${suffix}`)
    await writeFile(file('conf'), `log stderr all;\n${config}`)
    const process = new DaemonProcess(
      [...prefix, 'bird', '-f', '-c', file('conf'), '-s', file('ctl'), '-P', file('pid')],
      file('log')
    )
    await untilAnswered(process, async () => (await BirdControl.open(file('ctl'))).close())
    return new Bird(process, await BirdControl.open(file('ctl')))
  }

  async stop(): Promise<void> {
    this.control.close()
    await this.process.stop()
  }
}
