import { type Api, type ApiHooks } from './api.ts'
import { type Registry } from './registry.ts'
import { type Strategy } from './resource-type.ts'
import { type StoreChange } from './store.ts'

export class CustomResources {
  readonly strategy: Strategy = {}
  readonly hooks: ApiHooks = {}
  constructor(_parts: { readonly api: Api; readonly registry: Registry }) {}
  observe(_change: StoreChange): void {}
}
