import { FlagError } from './flags.ts'

/** Go's names of the TLS 1.2 cipher suites that it has, to OpenSSL's. */
const CIPHERS: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA'
}
/** TLS Supported Groups (IANA). */
const CURVES: Readonly<Record<string, string>> = {
  '23': 'P-256',
  '24': 'P-384',
  '25': 'P-521',
  '29': 'X25519',
  '4588': 'X25519MLKEM768'
}

export interface TlsFlags {
  readonly minVersion: string
  readonly cipherSuites: string
  readonly curvePreferences: string
}

/** Options of Node's TLS server. */
export interface TlsOptions {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly ciphers?: string
  readonly ecdhCurve?: string
}

/** @throws FlagError for a name or number that is not known */
export function tlsOptionsOf({ minVersion, cipherSuites, curvePreferences }: TlsFlags): TlsOptions {
  const ciphers = translate(cipherSuites, CIPHERS, '--tls-cipher-suites')
  const curves = translate(curvePreferences, CURVES, '--tls-curve-preferences')
  return {
    minVersion: minVersion === 'VersionTLS12' ? 'TLSv1.2' : 'TLSv1.3',
    // The suites of TLS 1.3 cannot be chosen, as in Go.
    ...(ciphers.length === 0
      ? {}
      : {
          ciphers: [
            'TLS_AES_128_GCM_SHA256',
            'TLS_AES_256_GCM_SHA384',
            'TLS_CHACHA20_POLY1305_SHA256',
            ...ciphers
          ].join(':')
        }),
    ...(curves.length === 0 ? {} : { ecdhCurve: curves.join(':') })
  }
}

function translate(list: string, names: Readonly<Record<string, string>>, flag: string): readonly string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => {
      const known = Object.hasOwn(names, name) ? names[name] : undefined
      if (known === undefined) {
        throw new FlagError(`${flag}: ${JSON.stringify(name)} is not one of ${Object.keys(names).join(', ')}`)
      }
      return known
    })
}
