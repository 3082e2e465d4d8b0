import { type PeerSpec, textOrNone } from './peer-checks.ts'
import type { Findings } from './problems.ts'
import type { SecretView } from './resources.ts'

export function parsePassword(
  spec: PeerSpec,
  secrets: ReadonlyMap<string, SecretView>,
  findings: Findings
): string | undefined {
  const plain = textOrNone(spec.password)
  const name = textOrNone(spec.passwordSecret?.name)
  if (plain !== undefined && name !== undefined) {
    findings.error({
      field: 'spec.password',
      message: 'password and passwordSecret exclude each other',
      remedy: 'keep passwordSecret'
    })
  }
  if (name === undefined) return checkPassword(plain, 'spec.password', findings)
  const field = 'spec.passwordSecret.name'
  const secret = secrets.get(name)
  const encoded = secret?.data?.['password']
  if (secret === undefined)
    findings.error({
      field,
      value: name,
      message: 'there is no such Secret in our namespace',
      remedy: 'create it',
      acceptedBy: 'metallb'
    })
  else if (secret.type !== 'kubernetes.io/basic-auth')
    findings.error({
      field,
      value: name,
      message: `the Secret is of type ${secret.type}`,
      remedy: 'create it with type kubernetes.io/basic-auth',
      acceptedBy: 'metallb'
    })
  else if (encoded === undefined)
    findings.error({
      field,
      value: name,
      message: 'the Secret has no key `password`',
      remedy: 'add it',
      acceptedBy: 'metallb'
    })
  if (encoded === undefined) return undefined
  const password = textOrNone(Buffer.from(encoded, 'base64').toString('utf8'))
  if (password === undefined) {
    findings.warning({
      field,
      value: name,
      message: 'the password in the Secret is empty: the session has none',
      remedy: 'fill in the key `password`, or remove passwordSecret'
    })
  }
  return checkPassword(password, field, findings)
}

/** Length of a key of the TCP MD5 signature (RFC 2385) that Linux takes. */
const MAX_PASSWORD_BYTES = 80

/** What is wrong with it is said without saying it. */
function checkPassword(password: string | undefined, field: string, findings: Findings): string | undefined {
  const lengthBytes = Buffer.byteLength(password ?? '')
  if (lengthBytes > MAX_PASSWORD_BYTES) {
    findings.error({
      field,
      message: `the password has ${lengthBytes} octets, and ${MAX_PASSWORD_BYTES} are the most that TCP MD5 takes`,
      remedy: 'use a shorter one, here and at the peer',
      acceptedBy: 'metallb'
    })
  }
  return password
}
