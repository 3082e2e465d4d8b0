import { buildCrdManifests, type IPAddressPool, validate, withDefaults } from '@clarion-lb/crds'

const pool: IPAddressPool = { metadata: { name: 'a' }, spec: { addresses: ['192.0.2.0/24'] } }
console.log(withDefaults('IPAddressPool', pool).spec?.autoAssign)
// prints: true

for (const { field, message } of validate('IPAddressPool', { spec: { addresses: '192.0.2.0/24' } })) {
  console.log(field, message)
}
// prints: spec.addresses must be a list

console.log(buildCrdManifests().length)
// prints: 10
