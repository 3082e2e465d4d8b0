import { run } from '../shell.ts'

/** The kubectl of a cluster, as an administrator uses it. */
export class Kubectl {
  /** Its file, which is called `kubectl`. */
  readonly program: string
  readonly #kubeconfigFile: string

  constructor(program: string, kubeconfigFile: string) {
    this.program = program
    this.#kubeconfigFile = kubeconfigFile
  }

  /** What it prints. @throws CommandError with what it says otherwise */
  async run(...args: readonly string[]): Promise<string> {
    return run(this.program, this.#argumentsOf(args))
  }

  /** {@link run}, with a text that it reads, as for `apply -f -`. */
  async feed(stdin: string, ...args: readonly string[]): Promise<string> {
    return run(this.program, this.#argumentsOf(args), stdin)
  }

  #argumentsOf(args: readonly string[]): readonly string[] {
    const cache = `${this.#kubeconfigFile}.cache`
    return [`--kubeconfig=${this.#kubeconfigFile}`, `--cache-dir=${cache}`, ...args]
  }
}
