import { admits } from './generation-fence.ts'
import type { OnBehalf, StoreFile, StoreRow } from './store-messages.ts'

/** What happens to a file: done, refused by a fence, or done before. */
export type FileOutcome = 'done' | 'generation-fence' | 'offset-fence' | 'there-already'

interface NamedFile extends StoreFile {
  readonly rows: StoreRow[]
}

/** What one application keeps among the files. */
class Directory {
  /** By partition: files under their own names. */
  readonly files: Map<number, NamedFile[]> = new Map()
  /** Files under temporary names; one that its writer left behind stays, and no listing shows it. */
  readonly temporary: Map<string, StoreRow[]> = new Map()
  readonly generations: Map<number, number> = new Map()
}

/**
 * Files, which survive the process that keeps them. As in Kafka Connect's sink for HDFS the name of a file holds partition,
 * first and last offset, so a listing tells where to go on, and files appear by a rename, which is atomic. Every group has a
 * directory of its own.
 */
export class FileTree {
  private directories: Map<string, Directory> = new Map()

  /** The disk is emptied. */
  wipe(): void {
    this.directories = new Map()
  }

  /** Begins a file; one that is there already stays as it is. */
  create(by: OnBehalf, file: StoreFile, temporary: string | null): FileOutcome {
    const directory = this.directory(by.group)
    if (!admits(directory.generations, by, [file.tp])) return 'generation-fence'
    if (temporary === null) return this.name(directory, by, file, [])
    directory.temporary.set(temporary, [])
    return 'done'
  }

  /** Writes records into a file that was begun; nothing when its writer's temporary file has been renamed. */
  append(by: OnBehalf, file: StoreFile, temporary: string | null, rows: readonly StoreRow[]): FileOutcome {
    const directory = this.directory(by.group)
    if (!admits(directory.generations, by, [file.tp])) return 'generation-fence'
    const to = temporary === null ? this.find(directory, file)?.rows : directory.temporary.get(temporary)
    to?.push(...rows)
    return to === undefined ? 'there-already' : 'done'
  }

  /** Gives a temporary file its own name, unless there is a file of that name. */
  rename(by: OnBehalf, file: StoreFile, temporary: string): FileOutcome {
    const directory = this.directory(by.group)
    if (!admits(directory.generations, by, [file.tp])) return 'generation-fence'
    const outcome = this.name(directory, by, file, directory.temporary.get(temporary) ?? [])
    if (outcome !== 'offset-fence') directory.temporary.delete(temporary)
    return outcome
  }

  /** Whether a group may look where it stands; looking raises the generation fence. */
  admits(by: OnBehalf, partitions: readonly number[]): boolean {
    return admits(this.directory(by.group).generations, by, partitions)
  }

  /** Where a group goes on in a partition, by the names of its files; -1 = there are none. */
  nextOffset(group: string, tp: number): number {
    const files = this.directory(group).files.get(tp) ?? []
    return files.reduce((next, { last }) => Math.max(next, last + 1), -1)
  }

  /** Records in files that are not temporary. */
  filedRows(group: string): number {
    let sum = 0
    for (const files of this.directory(group).files.values()) for (const { rows } of files) sum += rows.length
    return sum
  }

  temporaryFiles(group: string): number {
    return this.directory(group).temporary.size
  }

  /** What a temporary file holds. */
  temporaryRows(group: string, temporary: string): readonly StoreRow[] {
    return this.directory(group).temporary.get(temporary) ?? []
  }

  private name(directory: Directory, { fence }: OnBehalf, file: StoreFile, rows: StoreRow[]): FileOutcome {
    const files = directory.files.get(file.tp) ?? []
    if (this.find(directory, file) !== undefined) return 'there-already'
    // A conditional create: what begins before the end of another file belongs to whoever wrote that one.
    if (fence === 'offset' && files.some(({ last }) => file.first <= last)) return 'offset-fence'
    directory.files.set(file.tp, [...files, { ...file, rows }])
    return 'done'
  }

  private find(directory: Directory, { tp, first, last }: StoreFile): NamedFile | undefined {
    return directory.files.get(tp)?.find((file) => file.first === first && file.last === last)
  }

  private directory(group: string): Directory {
    const known = this.directories.get(group)
    if (known !== undefined) return known
    const directory = new Directory()
    this.directories.set(group, directory)
    return directory
  }
}
