import { uniteCommunities } from './community-lists.ts'
import { audiencesOf, MAX_COMMUNITIES, type Voice } from './route-merge.ts'

/** Services that do not agree on what is said of a prefix that they have in common. */
export interface RouteConflict {
  readonly reason: 'localPref' | 'tooManyCommunities'
  /** As text. */
  readonly prefix: string
  /** Who is told so; `undefined`: every peer. */
  readonly peers: readonly string[] | undefined
  /** Keys of Services, one for each of what is said; with `localPref` the one that won comes first. */
  readonly services: readonly string[]
  readonly because: string
}

type Dispute = Omit<RouteConflict, 'prefix' | 'peers'>

/** Whether there may be a conflict for some peer. */
export function isDisputed(voices: readonly Voice[]): boolean {
  const [first, ...others] = voices
  if (first === undefined || others.length === 0) return false
  return (
    others.some(({ route }) => route.localPref !== first.route.localPref) ||
    uniteCommunities(voices.map(({ route }) => route.communities)).length > MAX_COMMUNITIES
  )
}

/** The conflicts about one prefix; peers for whom they are the same are in one. */
export function findConflicts(
  prefix: string,
  voices: readonly Voice[],
  peers: readonly string[]
): readonly RouteConflict[] {
  const found = new Map<string, { readonly dispute: Dispute; peers: string[] | undefined }>()
  for (const [peer, own] of audiencesOf(voices, peers)) {
    for (const dispute of [aboutLocalPref(own), aboutCommunities(own)]) {
      if (dispute === undefined) continue
      const known = found.get(dispute.because)
      if (known === undefined)
        found.set(dispute.because, { dispute, peers: peer === undefined ? undefined : [peer] })
      else if (peer !== undefined) known.peers?.push(peer)
    }
  }
  return [...found.values()].map(({ dispute, peers: names }) => ({ ...dispute, prefix, peers: names }))
}

function aboutLocalPref(voices: readonly Voice[]): Dispute | undefined {
  const values = speakersOf(voices, ({ route }) => route.localPref).toSorted(
    (a, b) => b.localPref - a.localPref
  )
  if (values.length < 2) return undefined
  const texts = values.map(
    ({ service, localPref, advertisement }) =>
      `${localPref} (Service ${service}, BGPAdvertisement ${advertisement})`
  )
  return {
    reason: 'localPref',
    services: values.map(({ service }) => service),
    because: `localPref is to be ${texts.join(', and ')}; the highest is used`
  }
}

function aboutCommunities(voices: readonly Voice[]): Dispute | undefined {
  const count = uniteCommunities(voices.map(({ route }) => route.communities)).length
  if (count <= MAX_COMMUNITIES) return undefined
  const speakers = speakersOf(voices, ({ route }) => route.advertisement)
  const names = speakers.map(({ advertisement }) => advertisement)
  return {
    reason: 'tooManyCommunities',
    services: [...new Set(speakers.map(({ service }) => service))],
    because: `BGPAdvertisements ${names.join(', ')} add up to ${count} communities; the first ${MAX_COMMUNITIES} are used`
  }
}

interface Speaker {
  readonly service: string
  readonly advertisement: string
  readonly localPref: number
}

/** For each value the Service that comes first by name, whatever the order they came in. */
function speakersOf(voices: readonly Voice[], valueOf: (voice: Voice) => unknown): readonly Speaker[] {
  const firsts = new Map<unknown, Speaker>()
  for (const voice of voices) {
    const { advertisement, localPref } = voice.route
    const service = voice.services.reduce((first, key) => (key < first ? key : first))
    const speaker = { service, advertisement, localPref }
    const known = firsts.get(valueOf(voice))
    if (known === undefined || isBefore(speaker, known)) firsts.set(valueOf(voice), speaker)
  }
  return [...firsts.values()].toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
}

function isBefore(a: Speaker, b: Speaker): boolean {
  return a.service < b.service || (a.service === b.service && a.advertisement < b.advertisement)
}
