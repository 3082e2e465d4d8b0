import {
  type BGPPeer,
  type BGPPeerV1beta1,
  convertBgpPeerToV1beta1,
  convertBgpPeerToV1beta2
} from '@clarion-lb/crds'
import { BadReviewError, fieldOf, isRecord, textOf } from './json.ts'

const KIND = 'ConversionReview'
/** Alike, but for their name. MetalLB's CustomResourceDefinition asks for v1beta1. */
const REVIEW_VERSIONS = ['apiextensions.k8s.io/v1', 'apiextensions.k8s.io/v1beta1']
const VERSIONS = ['metallb.io/v1beta1', 'metallb.io/v1beta2'] as const

/**
 * Answers a ConversionReview (`apiextensions.k8s.io`) in its own version: all objects in the version that is wanted, or none of them
 * and why.
 *
 * @throws BadReviewError
 */
export function convertReview(body: unknown): object {
  const apiVersion = textOf(body, 'apiVersion')
  if (textOf(body, 'kind') !== KIND || !REVIEW_VERSIONS.includes(apiVersion))
    throw new BadReviewError(`the body is no ${KIND} of ${REVIEW_VERSIONS.join(' or ')}`)
  const request = fieldOf(body, 'request')
  const uid = textOf(request, 'uid')
  const objects = fieldOf(request, 'objects')
  if (uid === '' || !Array.isArray(objects))
    throw new BadReviewError('request.uid or request.objects is missing')
  const converted = convertAll(objects, textOf(request, 'desiredAPIVersion'))
  const response =
    typeof converted === 'string'
      ? { uid, convertedObjects: [], result: { status: 'Failure', message: converted } }
      : { uid, convertedObjects: converted, result: { status: 'Success' } }
  return { apiVersion, kind: KIND, response }
}

/** Gives the objects, or why that is not possible. */
function convertAll(objects: readonly unknown[], wanted: string): readonly unknown[] | string {
  if (!VERSIONS.some((version) => version === wanted))
    return `BGPPeer has no version ${JSON.stringify(wanted)}; there are ${VERSIONS.join(' and ')}`
  const converted: unknown[] = []
  for (const object of objects) {
    const result = convert(object, wanted)
    if (typeof result === 'string') return result
    converted.push(result)
  }
  return converted
}

function convert(object: unknown, wanted: string): object | string {
  const [kind, version] = [textOf(object, 'kind'), textOf(object, 'apiVersion')]
  if (kind !== 'BGPPeer') return `${JSON.stringify(kind)} is not converted here, BGPPeer is`
  if (!hasRecords(object)) return `BGPPeer ${nameOf(object)}: metadata and spec must be objects`
  if (version === wanted) return object
  if (isV1beta1(object)) return convertBgpPeerToV1beta2(object)
  if (isV1beta2(object)) return convertBgpPeerToV1beta1(object)
  return `BGPPeer ${nameOf(object)}: ${JSON.stringify(version)} is not converted here`
}

function nameOf(object: unknown): string {
  return textOf(fieldOf(object, 'metadata'), 'name')
}

/** What the converters take apart; the fields in there they hand on as they are. */
function hasRecords(object: unknown): object is Readonly<Record<string, unknown>> {
  const [metadata, spec] = [fieldOf(object, 'metadata'), fieldOf(object, 'spec')]
  const annotations = fieldOf(metadata, 'annotations')
  return (
    isRecord(object) &&
    isRecord(metadata) &&
    (spec === undefined || isRecord(spec)) &&
    (annotations === undefined || isRecord(annotations))
  )
}

function isV1beta1(object: Readonly<Record<string, unknown>>): object is BGPPeerV1beta1 & typeof object {
  return object['apiVersion'] === 'metallb.io/v1beta1'
}

function isV1beta2(object: Readonly<Record<string, unknown>>): object is BGPPeer & typeof object {
  return object['apiVersion'] === 'metallb.io/v1beta2'
}
