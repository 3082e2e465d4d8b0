import type { CoreV1Event as ClientEvent } from '@kubernetes/client-node/dist/gen/models/CoreV1Event.js'
import type { V1ConfigMap as ClientConfigMap } from '@kubernetes/client-node/dist/gen/models/V1ConfigMap.js'
import type { V1CustomResourceDefinition as ClientCrd } from '@kubernetes/client-node/dist/gen/models/V1CustomResourceDefinition.js'
import type { V1EndpointSlice as ClientEndpointSlice } from '@kubernetes/client-node/dist/gen/models/V1EndpointSlice.js'
import type { V1Lease as ClientLease } from '@kubernetes/client-node/dist/gen/models/V1Lease.js'
import type { V1Namespace as ClientNamespace } from '@kubernetes/client-node/dist/gen/models/V1Namespace.js'
import type { V1Node as ClientNode } from '@kubernetes/client-node/dist/gen/models/V1Node.js'
import type { V1ObjectMeta as ClientObjectMeta } from '@kubernetes/client-node/dist/gen/models/V1ObjectMeta.js'
import type { V1Pod as ClientPod } from '@kubernetes/client-node/dist/gen/models/V1Pod.js'
import type { V1Secret as ClientSecret } from '@kubernetes/client-node/dist/gen/models/V1Secret.js'
import type { V1Service as ClientService } from '@kubernetes/client-node/dist/gen/models/V1Service.js'
import type { V1ValidatingWebhookConfiguration as ClientValidatingWebhookConfiguration } from '@kubernetes/client-node/dist/gen/models/V1ValidatingWebhookConfiguration.js'
import type { Json } from './object.ts'

export type V1ConfigMap = Json<ClientConfigMap>
export type V1CustomResourceDefinition = Json<ClientCrd>
export type V1EndpointSlice = Json<ClientEndpointSlice>
export type V1Event = Json<ClientEvent>
export type V1Lease = Json<ClientLease>
export type V1Namespace = Json<ClientNamespace>
export type V1Node = Json<ClientNode>
export type V1ObjectMeta = Json<ClientObjectMeta>
export type V1Pod = Json<ClientPod>
export type V1Secret = Json<ClientSecret>
export type V1Service = Json<ClientService>
export type V1ValidatingWebhookConfiguration = Json<ClientValidatingWebhookConfiguration>
