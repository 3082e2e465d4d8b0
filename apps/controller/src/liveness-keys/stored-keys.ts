import { randomBytes } from 'node:crypto'

/** The keys in the Secret. Speakers seal with `current`, and open what any of them sealed. */
export interface LivenessKeys {
  readonly current: Uint8Array
  /** Comes into use soon. */
  readonly next?: Uint8Array | undefined
  /** Was in use until lately. */
  readonly previous?: Uint8Array | undefined
}

/** What is in the Secret, and what was noted on it. */
export interface StoredKeys {
  /** Base64, by name; `undefined`: there is no Secret. */
  readonly data: Readonly<Record<string, string>> | undefined
  readonly annotations: Readonly<Record<string, string>>
}

/** What was done to the keys. */
export type KeyChange =
  /** There was none. */
  | 'created'
  /** What was there was no key; another one that speakers know took its place. */
  | 'restored'
  /** What was there was no key, and none is known that could take its place. */
  | 'replaced'
  /** One of those that come and go was no key, and is gone. */
  | 'cleared'
  | 'rotation begun'
  | 'key in use'
  | 'rotation done'
  /** When this step of the rotation began was not legible, and is now taken for its beginning. */
  | 'rotation resumed'

/** What is to be written, and when to look again. */
export interface KeyPlan {
  /** `undefined`: all is well. */
  readonly write:
    | { readonly keys: LivenessKeys; readonly notes: KeyNotes; readonly change: KeyChange }
    | undefined
  /** When the next step of a rotation is due, milliseconds from now; `undefined`: none is under way. */
  readonly dueMs: number | undefined
}

/** Where a rotation is. */
export interface KeyNotes {
  /** The request that was followed last. */
  readonly handled: string | undefined
  /** When the step began that keys are in, milliseconds since 1970; `undefined`: no rotation is under way. */
  readonly sinceMs: number | undefined
}

export interface KeyPlanContext {
  readonly nowMs: number
  /** How long each step of a rotation lasts, milliseconds: until all speakers know what the step before wrote. */
  readonly stepMs: number
  /** The last good keys that were seen in the Secret. */
  readonly remembered: LivenessKeys | undefined
  /** @defaultValue 32 random octets */
  readonly makeKey?: () => Uint8Array
}

/** A new value of it asks for another key. */
export const ROTATE_ANNOTATION = 'clarion.io/rotate-key'
/** The value that was followed last. */
export const HANDLED_ANNOTATION = 'clarion.io/rotate-key-handled'
/** When the step of the rotation began. */
export const SINCE_ANNOTATION = 'clarion.io/rotate-key-since'

const KEY_BYTES = 32
/** What a key may have that somebody else put in. */
const MIN_KEY_BYTES = 16
const MAX_KEY_BYTES = 1024
const NAMES = ['current', 'next', 'previous'] as const

/** What to do for the Secret to hold keys, and for the rotation that was asked for to go on. */
export function planKeys(stored: StoredKeys, context: KeyPlanContext): KeyPlan {
  const { nowMs, stepMs } = context
  const keys = readKeys(stored.data)
  const notes = readNotes(stored.annotations)
  const plan = (write: KeyPlan['write'], dueMs?: number): KeyPlan => ({ write, dueMs })
  const step = (change: KeyChange, next: LivenessKeys, handled = notes.handled): KeyPlan => {
    const isUnderWay = next.next !== undefined || next.previous !== undefined
    const sinceMs = isUnderWay ? nowMs : undefined
    return plan({ keys: next, notes: { handled, sinceMs }, change }, isUnderWay ? stepMs : undefined)
  }
  const { current } = keys
  if (current === undefined) return mend(stored, context, step)
  if (hasNonsense(stored.data)) return step('cleared', { ...keys, current })
  const requested = stored.annotations[ROTATE_ANNOTATION] ?? ''
  if (keys.next === undefined && keys.previous === undefined) {
    if (requested === '' || requested === notes.handled) return plan(undefined)
    return step('rotation begun', { current, next: makeKey(context) }, requested)
  }
  const { sinceMs } = notes
  // Of the future: the clock that wrote it was wrong, or this one is.
  if (sinceMs === undefined || sinceMs > nowMs) return step('rotation resumed', { ...keys, current })
  const leftMs = sinceMs + stepMs - nowMs
  if (leftMs > 0) return plan(undefined, leftMs)
  if (keys.next !== undefined) return step('key in use', { current: keys.next, previous: current })
  return step('rotation done', { current })
}

type Step = (change: KeyChange, next: LivenessKeys, handled?: string) => KeyPlan

/** There is no current key: one that speakers have is better than a new one, since those who have none agree on it. */
function mend(stored: StoredKeys, context: KeyPlanContext, step: Step): KeyPlan {
  const { remembered } = context
  if (remembered !== undefined) return step('restored', remembered)
  const { next, previous } = readKeys(stored.data)
  const known = previous ?? next
  if (known !== undefined) return step('restored', { current: known })
  const isEmpty = NAMES.every((name) => stored.data?.[name] === undefined)
  // A request that came before there was any key is met by it.
  const handled = stored.annotations[ROTATE_ANNOTATION]
  return step(isEmpty ? 'created' : 'replaced', { current: makeKey(context) }, handled)
}

/** Good keys alone. */
export function readKeys(data: StoredKeys['data']): Partial<LivenessKeys> {
  const [current, next, previous] = NAMES.map((name) => readKey(data?.[name]))
  return {
    ...(current === undefined ? {} : { current }),
    ...(next === undefined ? {} : { next }),
    ...(previous === undefined ? {} : { previous })
  }
}

/** Base64, as the data of a Secret. */
export function formatKeys(keys: LivenessKeys): Readonly<Record<string, string>> {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const key = keys[name]
      return key === undefined ? [] : [[name, Buffer.from(key).toString('base64')]]
    })
  )
}

/** The annotations with these notes; those of others stay. */
export function withNotes(
  annotations: Readonly<Record<string, string>>,
  { handled, sinceMs }: KeyNotes
): Readonly<Record<string, string>> {
  const { [HANDLED_ANNOTATION]: _handled, [SINCE_ANNOTATION]: _since, ...others } = annotations
  return {
    ...others,
    ...(handled === undefined ? {} : { [HANDLED_ANNOTATION]: handled }),
    ...(sinceMs === undefined ? {} : { [SINCE_ANNOTATION]: new Date(sinceMs).toISOString() })
  }
}

function readNotes(annotations: Readonly<Record<string, string>>): KeyNotes {
  const sinceMs = Date.parse(annotations[SINCE_ANNOTATION] ?? '')
  return {
    handled: annotations[HANDLED_ANNOTATION],
    sinceMs: Number.isNaN(sinceMs) ? undefined : sinceMs
  }
}

function hasNonsense(data: StoredKeys['data']): boolean {
  return NAMES.some((name) => data?.[name] !== undefined && readKey(data[name]) === undefined)
}

function readKey(text: string | undefined): Uint8Array | undefined {
  const key = Buffer.from(text ?? '', 'base64')
  return key.length >= MIN_KEY_BYTES && key.length <= MAX_KEY_BYTES ? new Uint8Array(key) : undefined
}

function makeKey({ makeKey: make }: KeyPlanContext): Uint8Array {
  return make?.() ?? new Uint8Array(randomBytes(KEY_BYTES))
}
