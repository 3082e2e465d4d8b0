import { describe, expect, test } from 'vitest'
import { KubeApiError } from './errors.ts'
import { type WriteOptions } from './kube-request.ts'
import { type KubeObject, type ObjectKey } from './object.ts'
import { SERVICES } from './resource.ts'
import { StatusWriter, type StatusWriterOptions } from './status-writer.ts'
import { type V1Service } from './types.ts'

const KEY: ObjectKey = { namespace: 'ns', name: 'web' }

function service(resourceVersion: string, ip?: string, uid = 'u1'): V1Service {
  const status = ip === undefined ? {} : { loadBalancer: { ingress: [{ ip }] } }
  return { metadata: { ...KEY, uid, resourceVersion }, spec: { type: 'LoadBalancer' }, status }
}

function withIp(ip: string): (current: V1Service) => V1Service {
  return (current) => ({ ...current, status: { loadBalancer: { ingress: [{ ip }] } } })
}

function apiError(status: number): KubeApiError {
  return new KubeApiError({ status, reason: 'Scripted', serverMessage: '', subject: 'PUT services' })
}

/** A server with one object and optimistic locking. */
class ScriptedServer {
  object: V1Service | undefined
  gets = 0
  readonly updates: { readonly object: KubeObject; readonly options: WriteOptions }[] = []
  /** Called before each update: what somebody else does meanwhile. */
  interfere: () => void = () => {}

  constructor(object: V1Service | undefined) {
    this.object = object
  }

  readonly client: StatusWriterOptions<V1Service>['client'] = {
    get: async () => {
      this.gets += 1
      if (this.object === undefined) throw apiError(404)
      return JSON.parse(JSON.stringify(this.object))
    },
    update: async (_resource, object, options?: WriteOptions) => {
      this.updates.push({ object, options: options ?? {} })
      this.interfere()
      const current = this.object?.metadata
      if (current === undefined) throw apiError(404)
      if (current.resourceVersion !== object.metadata?.resourceVersion) throw apiError(409)
      return object
    }
  }

  writer(options: Partial<StatusWriterOptions<V1Service>> = {}): StatusWriter<V1Service> {
    return new StatusWriter({ client: this.client, resource: SERVICES, ...options })
  }
}

describe('StatusWriter', () => {
  test('sends nothing when the object is already as wanted, or when mutate declines', async () => {
    const server = new ScriptedServer(service('1', '192.0.2.1'))
    const current = service('1', '192.0.2.1')
    expect(await server.writer().write(current, withIp('192.0.2.1'))).toEqual({
      type: 'unchanged',
      object: current
    })
    expect((await server.writer().write(current, () => undefined)).type).toBe('unchanged')
    expect([server.gets, server.updates.length]).toEqual([0, 0])
  })

  test('sends one request for a difference, for the status and for the version that was looked at', async () => {
    const server = new ScriptedServer(service('1'))
    const result = await server.writer({ fieldManager: 'test' }).write(service('1'), (current) => ({
      ...withIp('192.0.2.1')(current),
      metadata: { ...current.metadata, resourceVersion: '99' }
    }))
    expect(result).toMatchObject({ type: 'written', object: { status: { loadBalancer: {} } } })
    expect([server.gets, server.updates.length]).toEqual([0, 1])
    expect(server.updates[0]).toMatchObject({
      object: { metadata: { resourceVersion: '1', uid: 'u1' } },
      options: { subresource: 'status', fieldManager: 'test' }
    })
  })

  test('with target object the object itself is replaced', async () => {
    const server = new ScriptedServer(service('1'))
    await server.writer({ target: 'object' }).write(service('1'), withIp('192.0.2.1'))
    expect(server.updates[0]?.options).not.toHaveProperty('subresource')
  })

  test('on a conflict it reads again, and mutate decides again on what is there now', async () => {
    const server = new ScriptedServer(service('2', '192.0.2.9'))
    const seen: unknown[] = []
    const result = await server.writer().write(service('1'), (current) => {
      seen.push(current.status?.loadBalancer?.ingress?.[0]?.ip)
      return withIp('192.0.2.1')(current)
    })
    expect(seen).toEqual([undefined, '192.0.2.9'])
    expect(result.type).toBe('written')
    expect(server.updates.map(({ object }) => object.metadata?.resourceVersion)).toEqual(['1', '2'])
  })

  test('a conflict with somebody who wrote the same ends without another write', async () => {
    const server = new ScriptedServer(service('2', '192.0.2.1'))
    const result = await server.writer().write(service('1'), withIp('192.0.2.1'))
    expect([result.type, server.updates.length]).toEqual(['unchanged', 1])
  })

  test('conflict after conflict it gives up with the last of them', async () => {
    const server = new ScriptedServer(service('1'))
    server.interfere = () => {
      server.object = service(String(server.updates.length + 1))
    }
    const writing = server.writer({ maxConflicts: 2 }).write(service('1'), withIp('192.0.2.1'))
    await expect(writing).rejects.toMatchObject({ status: 409 })
    expect(server.updates.length).toBe(3)
  })

  test('other errors are the caller’s', async () => {
    const server = new ScriptedServer(service('1'))
    server.interfere = () => {
      throw apiError(422)
    }
    await expect(server.writer().write(service('1'), withIp('192.0.2.1'))).rejects.toMatchObject({
      status: 422
    })
    expect(server.updates.length).toBe(1)
  })

  test('an object that is deleted, or replaced by another of its name, is gone', async () => {
    const deleted = new ScriptedServer(undefined)
    expect(await deleted.writer().write(service('1'), withIp('192.0.2.1'))).toEqual({ type: 'gone' })
    const replaced = new ScriptedServer(service('2', undefined, 'u2'))
    expect(await replaced.writer().write(service('1'), withIp('192.0.2.1'))).toEqual({ type: 'gone' })
    expect(replaced.updates.length).toBe(1)
  })

  test('a trimmed object is not written back: the difference is worked out on the whole one', async () => {
    const server = new ScriptedServer({
      ...service('1'),
      spec: { type: 'LoadBalancer', clusterIP: '10.0.0.1' }
    })
    const { spec: _trimmed, ...light } = service('1')
    await server.writer({ readBeforeWrite: true }).write(light, withIp('192.0.2.1'))
    expect([server.gets, server.updates.length]).toEqual([1, 1])
    expect(server.updates[0]?.object).toMatchObject({ spec: { clusterIP: '10.0.0.1' } })
    await server.writer({ readBeforeWrite: true }).write(light, () => undefined)
    expect(server.gets).toBe(1)
  })

  test('writeKey reads first, writes once, and knows what is gone', async () => {
    const server = new ScriptedServer(service('5'))
    expect((await server.writer({ readBeforeWrite: true }).writeKey(KEY, withIp('192.0.2.1'))).type).toBe(
      'written'
    )
    expect([server.gets, server.updates.length]).toEqual([1, 1])
    server.object = undefined
    expect(await server.writer().writeKey(KEY, withIp('192.0.2.1'))).toEqual({ type: 'gone' })
  })
})
