import { readFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import type { Manifest } from '../api.ts'
import { type ApiAnswer, askApi } from './api-request.ts'
import type { Connection } from './kubeconfig.ts'

interface ServedKind {
  readonly kind: string
  /** Plural; with a sub-resource behind a slash. */
  readonly name: string
  readonly namespaced: boolean
}

const APPLY_PATCH = 'application/apply-patch+yaml'
const KNOWN_SOON_MS = 10_000

/** The objects of a YAML file. */
export async function readManifests(file: string): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await readFile(file, 'utf8'))
  return documents.map((document): unknown => document.toJS()).filter(isManifest)
}

/** Server-side apply of any kind, as `kubectl apply --server-side` does it. */
export async function applyManifest(connection: Connection, manifest: Manifest): Promise<ApiAnswer> {
  const { apiVersion, kind, metadata } = manifest
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const served = await findKind(connection, root, kind)
  const namespace = served.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : ''
  const path = `${root}${namespace}/${served.name}/${metadata.name}?fieldManager=test&force=true`
  return askApi(connection, { method: 'PATCH', path, body: manifest, contentType: APPLY_PATCH })
}

/** A kind that was just defined is served a moment later. */
async function findKind(connection: Connection, root: string, kind: string): Promise<ServedKind> {
  const deadline = performance.now() + KNOWN_SOON_MS
  for (;;) {
    const { body } = await askApi(connection, { path: root })
    const found = servedKinds(body).find((served) => served.kind === kind && !served.name.includes('/'))
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`no ${kind} in ${root}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

function servedKinds(body: unknown): readonly ServedKind[] {
  if (typeof body !== 'object' || body === null || !('resources' in body)) return []
  const { resources } = body
  return Array.isArray(resources) ? resources.filter(isServedKind) : []
}

function isServedKind(value: unknown): value is ServedKind {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value
}
