import { type Strategy } from './resource-type.ts'
import { type ServiceAllocations } from './service-allocations.ts'

export function createServiceStrategy(_allocations: ServiceAllocations): Strategy {
  return {}
}
