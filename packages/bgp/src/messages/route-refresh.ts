import type { IpFamily } from '@clarion-lb/netaddr'
import { BgpDecodeError } from '../errors.ts'
import { afiSafiOf, familyOf } from './family.ts'
import { frameMessage, HEADER_LENGTH, lengthError, MESSAGE_TYPE } from './header.ts'
import type { RouteRefreshMessage } from './model.ts'
import { NOTIFICATION, notification } from './notification.ts'

const BODY_LENGTH = 4
/** Room for the data of a NOTIFICATION in a message of 4096 octets. */
const MAX_NOTIFICATION_DATA = 4096 - 21

/** RFC 7313 §3.2. */
const SUBTYPE: Readonly<Record<RouteRefreshMessage['subtype'], number>> = { request: 0, begin: 1, end: 2 }

/**
 * Decodes a ROUTE-REFRESH message, header included: AFI (2), subtype (1), SAFI (1). One with an unknown subtype is to be
 * ignored (RFC 7313 §5), as one for an unknown family: both have `family` undefined.
 *
 * @see RFC 2918 §3, RFC 7313 §3.2
 * @throws {@link BgpDecodeError} for a wrong length: 7/1 with the message as data for subtypes 1 and 2 (RFC 7313 §5), else
 *   1/2. What follows a plain request is an outbound route filter (RFC 5291), which was not offered: ignored.
 */
export function decodeRouteRefresh(message: Uint8Array): RouteRefreshMessage {
  const body = message.subarray(HEADER_LENGTH)
  const [high = 0, low = 0, code, safi] = body
  const subtype = code === SUBTYPE.begin ? 'begin' : code === SUBTYPE.end ? 'end' : 'request'
  if (subtype !== 'request' && body.length !== BODY_LENGTH) {
    const { ROUTE_REFRESH_MESSAGE_ERROR } = NOTIFICATION
    throw new BgpDecodeError(
      'refresh-length',
      notification(
        ROUTE_REFRESH_MESSAGE_ERROR.code,
        ROUTE_REFRESH_MESSAGE_ERROR.INVALID_MESSAGE_LENGTH,
        message.slice(0, MAX_NOTIFICATION_DATA)
      ),
      `ROUTE-REFRESH ${subtype} of ${body.length} octets`
    )
  }
  if (safi === undefined) throw lengthError(message.length)
  const isKnown = code === SUBTYPE[subtype]
  return {
    type: 'routeRefresh',
    family: isKnown ? familyOf({ afi: high * 256 + low, safi }) : undefined,
    subtype
  }
}

/** Encodes a ROUTE-REFRESH message (RFC 2918 §3, RFC 7313 §3.2). */
export function encodeRouteRefresh(refresh: {
  readonly family: IpFamily
  readonly subtype: RouteRefreshMessage['subtype']
}): Uint8Array {
  const { afi, safi } = afiSafiOf(refresh.family)
  return frameMessage(MESSAGE_TYPE.ROUTE_REFRESH, Uint8Array.of(0, afi, SUBTYPE[refresh.subtype], safi))
}
