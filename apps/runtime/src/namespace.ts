import { readFileSync } from 'node:fs'
import { FlagError } from './flags.ts'

const SERVICE_ACCOUNT_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/**
 * The namespace of the metallb.io objects: what was given, or else that of the pod.
 *
 * @throws FlagError when neither is known
 */
export function resolveNamespace(given: string, file: string = SERVICE_ACCOUNT_FILE): string {
  if (given !== '') return given
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (text !== '') return text
  } catch {
    // Not in a pod.
  }
  throw new FlagError(
    '--namespace (METALLB_NAMESPACE) is needed outside of a pod: where are the metallb.io objects?'
  )
}
