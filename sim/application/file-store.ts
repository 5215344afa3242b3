import { M } from '../history/catalogue.ts'
import type { Envelope } from '../network/envelope.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { FileOutcome, FileTree } from './file-tree.ts'
import { FILED, GENERATION_FENCE, OFFSET_FENCE } from './store-effects.ts'
import type {
  StoreAppendFileRequest,
  StoreCreateFileRequest,
  StoreFileResponse,
  StoreReadOffsetsRequest,
  StoreReadOffsetsResponse,
  StoreRenameFileRequest,
  StoreRow,
} from './store-messages.ts'
import type { StoreService } from './store-process.ts'

/** A file system that many machines see. A request that came is carried out, whether or not its client is still there. */
export class FileStore implements StoreService {
  readonly rollsBack = false
  readonly inDoubt = 0
  private readonly env: Env
  private readonly tree: FileTree

  constructor(env: Env, tree: FileTree) {
    this.env = env
    this.tree = tree
  }

  perform({ api, body, source }: Envelope): object {
    switch (api) {
      case StoreApi.StoreReadOffsets:
        return this.list(body as StoreReadOffsetsRequest)
      case StoreApi.StoreCreateFile:
        return this.create(body as StoreCreateFileRequest, source)
      case StoreApi.StoreAppendFile:
        return this.append(body as StoreAppendFileRequest, source)
      default:
        return this.rename(body as StoreRenameFileRequest, source)
    }
  }

  private list(request: StoreReadOffsetsRequest): StoreReadOffsetsResponse {
    const { tree } = this
    if (!tree.admits(request, request.partitions)) return { fenced: true, offsets: [] }
    const offsets = request.partitions.map((tp) => ({ tp, next: tree.nextOffset(request.group, tp) }))
    return { fenced: false, offsets }
  }

  private create(request: StoreCreateFileRequest, by: number): StoreFileResponse {
    const { file, temporary } = request
    return answer(this.tree.create(request, file, temporaryName(temporary, by)))
  }

  private append(request: StoreAppendFileRequest, by: number): StoreFileResponse {
    const { file, temporary, rows } = request
    const outcome = this.tree.append(request, file, temporaryName(temporary, by), rows)
    if (temporary === null && outcome === 'done') this.applied(rows, request.generation, by)
    this.refused(rows, outcome, by)
    return answer(outcome)
  }

  private rename(request: StoreRenameFileRequest, by: number): StoreFileResponse {
    const { tree } = this
    const name = `${by}/${request.temporary}`
    const rows = tree.temporaryRows(request.group, name)
    const outcome = tree.rename(request, request.file, name)
    if (outcome === 'done') this.applied(rows, request.generation, by)
    else this.refused(rows, outcome, by)
    return answer(outcome)
  }

  private applied(rows: readonly StoreRow[], generation: number, by: number): void {
    const { env } = this
    for (const { record, tp, offset, key } of rows) {
      const keyText = key === null ? -1 : env.recorder.text(key)
      env.emitWide(M.effectApplied, record, tp, offset, FILED, env.node, keyText, generation, by)
    }
  }

  private refused(rows: readonly StoreRow[], outcome: FileOutcome, by: number): void {
    const { env } = this
    if (outcome !== 'generation-fence' && outcome !== 'offset-fence') return
    const reason = outcome === 'generation-fence' ? GENERATION_FENCE : OFFSET_FENCE
    for (const { record, tp, offset } of rows) env.emitWide(M.effectRefused, record, tp, offset, env.node, reason, by)
  }
}

/** Every writer has temporary names of its own. */
function temporaryName(temporary: number | null, by: number): string | null {
  return temporary === null ? null : `${by}/${temporary}`
}

function answer(outcome: FileOutcome): StoreFileResponse {
  return { fenced: outcome === 'generation-fence' || outcome === 'offset-fence' }
}
