import { type Json, type JsonObject, stringAt } from './json.ts'
import { type ProtobufMessage, protobufBytes, readProtobuf } from './protobuf-reader.ts'

const OWNER: ProtobufMessage = {
  1: ['kind', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['controller', 'optional-bool'],
  7: ['blockOwnerDeletion', 'optional-bool']
}

/** Times and managed fields are the server's to set. */
const METADATA: ProtobufMessage = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  4: ['selfLink', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'int'],
  8: ['creationTimestamp', 'skip'],
  9: ['deletionTimestamp', 'skip'],
  10: ['deletionGracePeriodSeconds', 'skip'],
  11: ['labels', 'string', 'map'],
  12: ['annotations', 'string', 'map'],
  13: ['ownerReferences', OWNER, 'list'],
  14: ['finalizers', 'string', 'list'],
  17: ['managedFields', 'skip']
}

const REFERENCE: ProtobufMessage = { 1: ['name', 'string'] }

const SERVICE_PORT: ProtobufMessage = {
  1: ['name', 'string'],
  2: ['protocol', 'string'],
  3: ['port', 'int'],
  4: ['targetPort', 'int-or-string'],
  5: ['nodePort', 'int'],
  6: ['appProtocol', 'string']
}

const SERVICE_SPEC: ProtobufMessage = {
  1: ['ports', SERVICE_PORT, 'list'],
  2: ['selector', 'string', 'map'],
  3: ['clusterIP', 'string'],
  4: ['type', 'string'],
  5: ['externalIPs', 'string', 'list'],
  7: ['sessionAffinity', 'string'],
  8: ['loadBalancerIP', 'string'],
  9: ['loadBalancerSourceRanges', 'string', 'list'],
  10: ['externalName', 'string'],
  11: ['externalTrafficPolicy', 'string'],
  12: ['healthCheckNodePort', 'int'],
  13: ['publishNotReadyAddresses', 'optional-bool'],
  14: ['sessionAffinityConfig', { 1: ['clientIP', { 1: ['timeoutSeconds', 'optional-int'] }] }],
  17: ['ipFamilyPolicy', 'string'],
  18: ['clusterIPs', 'string', 'list'],
  19: ['ipFamilies', 'string', 'list'],
  20: ['allocateLoadBalancerNodePorts', 'optional-bool'],
  21: ['loadBalancerClass', 'string'],
  22: ['internalTrafficPolicy', 'string'],
  23: ['trafficDistribution', 'string']
}

const ACCESS: ProtobufMessage = {
  1: [
    'resourceAttributes',
    {
      1: ['namespace', 'string'],
      2: ['verb', 'string'],
      3: ['group', 'string'],
      4: ['version', 'string'],
      5: ['resource', 'string'],
      6: ['subresource', 'string'],
      7: ['name', 'string']
    }
  ],
  2: ['nonResourceAttributes', { 1: ['path', 'string'], 2: ['verb', 'string'] }]
}

/** The kinds that `kubectl create` sends as protobuf and people create by hand (k8s.io/api, generated.proto). */
const KINDS: Readonly<Record<string, ProtobufMessage>> = {
  'v1/Namespace': {
    1: ['metadata', METADATA],
    2: ['spec', { 1: ['finalizers', 'string', 'list'] }],
    3: ['status', 'skip']
  },
  'v1/ConfigMap': {
    1: ['metadata', METADATA],
    2: ['data', 'string', 'map'],
    3: ['binaryData', 'bytes', 'map'],
    4: ['immutable', 'optional-bool']
  },
  'v1/Secret': {
    1: ['metadata', METADATA],
    2: ['data', 'bytes', 'map'],
    3: ['type', 'string'],
    4: ['stringData', 'string', 'map'],
    5: ['immutable', 'optional-bool']
  },
  'v1/ServiceAccount': {
    1: ['metadata', METADATA],
    2: ['secrets', REFERENCE, 'list'],
    3: ['imagePullSecrets', REFERENCE, 'list'],
    4: ['automountServiceAccountToken', 'optional-bool']
  },
  'v1/Service': { 1: ['metadata', METADATA], 2: ['spec', SERVICE_SPEC], 3: ['status', 'skip'] },
  'authorization.k8s.io/v1/SelfSubjectAccessReview': {
    1: ['metadata', METADATA],
    2: ['spec', ACCESS],
    3: ['status', 'skip']
  },
  'authentication.k8s.io/v1/TokenRequest': {
    1: ['metadata', METADATA],
    2: [
      'spec',
      {
        1: ['audiences', 'string', 'list'],
        3: ['boundObjectRef', 'skip'],
        4: ['expirationSeconds', 'optional-int']
      }
    ],
    3: ['status', 'skip']
  },
  'v1/DeleteOptions': {
    1: ['gracePeriodSeconds', 'optional-int'],
    2: ['preconditions', { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] }],
    3: ['orphanDependents', 'optional-bool'],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', 'string', 'list']
  }
}

const MAGIC = Buffer.from('k8s\0')

/**
 * Reads a body of the media type `application/vnd.kubernetes.protobuf`: four bytes and a `runtime.Unknown`, with the
 * kind (field 1) and the object (2).
 *
 * @returns `undefined` for a kind that is not known here.
 * @throws RangeError for a broken body and for fields that are not known.
 */
export function readProtobufObject(body: Buffer): Json | undefined {
  if (!body.subarray(0, 4).equals(MAGIC)) throw new RangeError('the body does not begin with k8s\\0')
  const envelope = body.subarray(4)
  const type: JsonObject = readProtobuf(protobufBytes(envelope, 1), {
    1: ['apiVersion', 'string'],
    2: ['kind', 'string']
  })
  const message = KINDS[`${stringAt(type, 'apiVersion')}/${stringAt(type, 'kind')}`]
  return message === undefined ? undefined : { ...type, ...readProtobuf(protobufBytes(envelope, 2), message) }
}
