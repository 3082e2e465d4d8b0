import type {
  BFDProfile,
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
  L2Advertisement,
  ObjectMeta
} from '@clarion-lb/crds'

/** A Namespace or a Node: what selectors look at. */
export interface Labelled {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** A Secret that a BGPPeer may name. */
export interface SecretView {
  readonly type?: string
  /** Values as they are stored: base64. */
  readonly data?: Readonly<Record<string, string>>
}

/** A ConfigMap, as far as it is read. */
export interface ConfigMapView {
  readonly metadata?: ObjectMeta
  readonly data?: Readonly<Record<string, string>>
}

/** Everything that the configuration is made of. Lists that are absent are empty. */
export interface ConfigResources {
  readonly pools?: readonly IPAddressPool[]
  readonly l2Advertisements?: readonly L2Advertisement[]
  readonly bgpAdvertisements?: readonly BGPAdvertisement[]
  readonly bgpPeers?: readonly BGPPeer[]
  readonly bfdProfiles?: readonly BFDProfile[]
  readonly communities?: readonly Community[]
  /** Absent: nobody knows which there are. */
  readonly namespaces?: readonly Labelled[]
  readonly nodes?: readonly Labelled[]
  readonly secrets?: ReadonlyMap<string, SecretView>
  /** The ConfigMap `bgpextras` of our namespace, if there is one: only to say that it is not used. */
  readonly bgpExtras?: ConfigMapView | undefined
}
