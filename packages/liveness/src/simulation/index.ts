/**
 * Members of the failure detector in virtual time, on a network that loses, delays, repeats and cuts, from a seed.
 *
 * @packageDocumentation
 */
export type { NetworkConditions } from './network.ts'
export { SimulatedNetwork } from './network.ts'
export { seededRandom } from './random.ts'
export { type SimulatedEvent, Simulation, type SimulationOptions } from './simulation.ts'
