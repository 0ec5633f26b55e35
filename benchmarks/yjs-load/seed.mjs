// Writes an update with so many operations, as a browser writes them into a root of its own:
//
//   node seed.mjs FILE [COUNT]
import { writeFileSync } from 'node:fs'
import * as Y from 'yjs'

const [file, count = '200'] = process.argv.slice(2)

const fields = (number) => ({
  operation_id: `op_${String(number).padStart(6, '0')}`,
  kind: 'skill.install',
  target_kind: 'skill',
  target_id: `weather_skill_${number}`,
  status: 'running',
  progress: 0,
  message: 'Downloading package',
  current_step: 'download',
  started_at: '2026-01-02T03:04:05.123Z',
  updated_at: '2026-01-02T03:04:05.123Z',
  finished_at: null,
  result: null,
  error: null,
  initiator: { kind: 'user', id: 'token' },
  scope: { webspace: 'desktop' },
  can_cancel: true
})

const doc = new Y.Doc()
doc.transact(() => {
  const byId = new Y.Map()
  doc.getMap('ui').set('by_id', byId)
  for (let number = 0; number < Number(count); number++) {
    byId.set(fields(number).operation_id, new Y.Map(Object.entries(fields(number))))
  }
})
writeFileSync(file, Y.encodeStateAsUpdate(doc))
