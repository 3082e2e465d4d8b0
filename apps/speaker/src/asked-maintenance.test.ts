import { describe, expect, test } from 'vitest'
import { askedMaintenanceOf } from './asked-maintenance.ts'

const CORDONED = { spec: { unschedulable: true } }
const OUT = { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } }
const annotated = (value: string) => ({ metadata: { annotations: { 'clarion.io/maintenance': value } } })

describe('maintenance is asked for', () => {
  test.each([
    ['by the annotation, with its text', annotated('disk'), 'annotation clarion.io/maintenance: disk'],
    ['by the annotation alone', annotated(''), 'annotation clarion.io/maintenance'],
    ['not by the annotation false', annotated('false'), undefined],
    ['by the taint', OUT, 'taint node.kubernetes.io/out-of-service'],
    ['not by another taint', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }, undefined],
    ['not by a cordon, as in MetalLB', CORDONED, undefined],
    ['by nobody', {}, undefined]
  ])('%s', (_how, node, because) => {
    expect(askedMaintenanceOf(node, { onCordon: false })?.because).toBe(because)
  })

  test('by a cordon, if that is wanted', () => {
    expect(askedMaintenanceOf(CORDONED, { onCordon: true })?.because).toBe('it is cordoned')
  })
})
