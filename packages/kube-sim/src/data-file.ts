import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { type CertificateAuthority } from './certificates.ts'
import { isObject, type Json, numberAt, objectAt, parseJson, stringAt } from './json.ts'
import { decodeKubeObject, type KubeObject, objectKey } from './kube-object.ts'
import { type Journal, type StoreSnapshot } from './store.ts'

/** What clients remember the server by. */
export interface Identity {
  readonly authority: CertificateAuthority
  readonly token: string
}

/** What a data file holds. */
export interface StoredState extends Identity {
  readonly snapshot: StoreSnapshot
}

/** A data file is rewritten when it has this many superseded lines. */
const REWRITE_AFTER = 100_000

/**
 * Keeps the store in a file: one JSON line per change, appended before the change is answered, so that the end of the
 * process at any moment loses nothing that a client was told. A half-written last line is ignored. (A power failure is
 * not covered: lines are not flushed to the disk one by one.)
 */
export class DataFile implements Journal {
  readonly #path: string
  #fd: number | undefined
  #identity: Identity | undefined
  #lines = 0
  #current: (() => StoreSnapshot) | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Reads what is there. @throws SyntaxError for a file that is not ours. */
  open(): StoredState | undefined {
    if (!existsSync(this.#path)) return undefined
    return replay(readFileSync(this.#path, 'utf8'))
  }

  /** Writes a fresh file and starts to append. */
  begin(identity: Identity, snapshot: StoreSnapshot, current?: () => StoreSnapshot): void {
    this.#identity = identity
    this.#current = current
    this.rewrite(snapshot)
  }

  put(resource: string, object: KubeObject): void {
    this.#append({ op: 'put', resource, object })
  }

  remove(resource: string, key: string, revision: number): void {
    this.#append({ op: 'remove', resource, key, revision })
  }

  /** Replaces the file by a snapshot; the old one stays until the new one is complete. */
  rewrite(snapshot: StoreSnapshot): void {
    const identity = this.#identity
    if (identity === undefined) return
    const temporary = `${this.#path}.new`
    const fd = openSync(temporary, 'w', 0o600)
    try {
      writeLine(fd, {
        op: 'begin',
        format: 1,
        revision: snapshot.revision,
        token: identity.token,
        authority: { ...identity.authority }
      })
      for (const [resource, objects] of snapshot.objects) {
        for (const object of objects) writeLine(fd, { op: 'put', resource, object })
      }
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    this.close()
    renameSync(temporary, this.#path)
    this.#fd = openSync(this.#path, 'a', 0o600)
    this.#lines = 0
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #append(line: Json): void {
    if (this.#fd === undefined) return
    if (++this.#lines > REWRITE_AFTER && this.#current !== undefined) this.rewrite(this.#current())
    writeLine(this.#fd, line)
  }
}

function writeLine(fd: number, line: Json): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  let written = 0
  while (written < bytes.length) written += writeSync(fd, bytes, written)
}

function replay(text: string): StoredState {
  const objects = new Map<string, Map<string, KubeObject>>()
  const lines = text.split('\n')
  // What follows the last line end was not written completely.
  lines.pop()
  const begin = parseJson(lines[0] ?? '')
  const certificate = stringAt(begin, 'authority', 'certificate')
  const privateKey = stringAt(begin, 'authority', 'privateKey')
  const token = stringAt(begin, 'token')
  if (
    stringAt(begin, 'op') !== 'begin' ||
    certificate === undefined ||
    privateKey === undefined ||
    token === undefined
  ) {
    throw new SyntaxError('this is not a data file of kube-sim')
  }
  let revision = numberAt(begin, 'revision') ?? 0
  for (const line of lines.slice(1)) {
    const entry = parseJson(line)
    if (!isObject(entry)) throw new SyntaxError('this is not a data file of kube-sim')
    const resource = stringAt(entry, 'resource') ?? ''
    const bucket = objects.get(resource) ?? new Map<string, KubeObject>()
    objects.set(resource, bucket)
    if (entry['op'] === 'remove') {
      bucket.delete(stringAt(entry, 'key') ?? '')
      revision = Math.max(revision, numberAt(entry, 'revision') ?? 0)
      continue
    }
    const object = decodeKubeObject(objectAt(entry, 'object'))
    bucket.set(objectKey(object.metadata.namespace, object.metadata.name), object)
    revision = Math.max(revision, Number(object.metadata.resourceVersion ?? 0))
  }
  const lists = new Map([...objects].map(([resource, bucket]) => [resource, [...bucket.values()]]))
  return { authority: { certificate, privateKey }, token, snapshot: { revision, objects: lists } }
}
