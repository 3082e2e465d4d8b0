/**
 * An IP address allocator: pools of prefixes and ranges, dual stack, sharing, reasons for every refusal.
 *
 * @packageDocumentation
 */
export { InvalidPoolsError, type InvalidPoolsReason } from './errors.ts'
export { Ipam } from './ipam.ts'
export type {
  Admission,
  AllocateRequest,
  Allocation,
  AllocationResult,
  AssignRequest,
  Families,
  FamilyUsage,
  Move,
  Opening,
  PoolDefinition,
  PoolsChange,
  PoolUsage,
  PortUse,
  Release,
  RequestBase,
  Reservation,
  Sharing
} from './model.ts'
export {
  type AddressConflict,
  describePoolRefusal,
  type FamilyShortage,
  type PoolRefusal,
  type Refusal,
  type RefusalReason
} from './refusal.ts'
