import { withPolicies } from './admin-topics.ts'
import { withMostPartitions } from './admin.ts'
import { nodeNames, resolveCluster } from './cluster.ts'
import { type Context, reads } from './context.ts'
import { resolveCampaign } from './campaign.ts'
import { resolveChaos } from './chaos.ts'
import { drawsAnything } from './draws.ts'
import { resolveExpect } from './expect.ts'
import { resolveFaults } from './faults.ts'
import { resolveMoment } from './moments.ts'
import { checkNames } from './names.ts'
import { resolveConsumers } from './consumers.ts'
import { applicationFacts, groupsOf, storeFacts, transactionalIdsOf } from './facts.ts'
import { checkGroups } from './group-rules.ts'
import { checkOffsets } from './offset-rules.ts'
import { resolveProcessors } from './processors.ts'
import { resolveProducers } from './producers.ts'
import type { FileFacts } from './reader.ts'
import { resolveSinks } from './sinks.ts'
import { resolveSources } from './sources.ts'
import { resolveStores } from './stores.ts'
import { resolveProfile } from './profile.ts'
import { resolveReplay } from './replay.ts'
import { checkSeed } from './seed.ts'
import { checkStepMoments } from './step-moments.ts'
import { resolveNetwork, resolveRun, writtenRuns } from './run.ts'
import { checkLifetimes, withLifetimes } from './topic-lifetimes.ts'
import { resolveTopics, withChangelogs, withOffsetsTopic } from './topics.ts'
import { checkTransactions } from './transaction-rules.ts'
import type { WorldSpec } from '../../../sim/spec.ts'
import type { LoadOptions } from '../options.ts'
import type { Place } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import { didYouMean } from '../suggest.ts'

const MOST_NODES = 10_000

/**
 * Makes a scenario of one document: a file's base, or a variant after its patch. What is wrong is reported; the result is
 * of use only when nothing was.
 */
export function resolveScenario(root: Place, file: string, variant: string | null, options: LoadOptions): Scenario {
  const profile = resolveProfile(root.get('profile'))
  const cluster = resolveCluster(root)
  const applications = applicationFacts(root)
  const written = withOffsetsTopic(resolveTopics(root, cluster.facts), root, cluster.facts)
  const topics = withChangelogs(written, applications, cluster.facts)
  checkNames(root)
  const context: Context = {
    options,
    root,
    cluster: cluster.facts,
    topics: topics.facts,
    applications,
    stores: storeFacts(root),
    groups: groupsOf(applications),
    transactionalIds: transactionalIdsOf(applications),
  }
  checkSize(context)
  const run = resolveRun(root.get('run'))
  checkSeed(root.get('seed'))
  const workers = resolveWorkers(context, { profile, runForUs: run.forUs })
  checkGroups(workers, context)
  checkOffsets(workers, context)
  checkTransactions(workers, context)
  const stores = resolveStores(context)
  const network = resolveNetwork(root.get('network'), context)
  const faults = resolveFaults(root.get('faults'), context, run.forUs)
  checkStepMoments(root, faults)
  checkLifetimes(root.get('faults'), context)
  const chaos = resolveChaos(root.get('chaos'), context)
  const publishers = [...applications.values()].filter((facts) => !reads(facts))
  if (publishers.length === 0) {
    root.missing(
      'producers',
      'nothing publishes: the scenario has no producers',
      'add `producers: { checkout: { to: orders } }`',
    )
  }
  return {
    file,
    title: titleAt(root),
    about: textAt(root.get('about')),
    variant,
    tags: tagsAt(root.get('tags')),
    seed: textAt(root.get('seed')) ?? '1',
    spec: {
      profile,
      cluster: cluster.spec,
      network,
      topics: withLifetimes(withPolicies(withMostPartitions(topics.specs, faults), faults), faults),
      ...workers,
      stores,
      run,
    },
    faults,
    chaos,
    runs: writtenRuns(root.get('run')) ?? (drawsAnything(workers, faults, chaos) ? 100 : 1),
    cover: coverAt(root.get('cover'), context),
    expect: resolveExpect(root.get('expect'), context),
    voids: voidsAt(root.get('void'), options),
    // A recording is of the file's own run; a variant of it is another world.
    campaign: resolveCampaign(root.get('campaign'), options),
    replay: variant === null ? resolveReplay(root.get('replay')) : null,
  }
}

function resolveWorkers(
  context: Context,
  file: FileFacts,
): Pick<WorldSpec, 'producers' | 'consumers' | 'processors' | 'sinks'> {
  return {
    producers: [
      ...resolveProducers(context, file.profile, file.runForUs),
      ...resolveSources(context, file.profile, file.runForUs),
    ],
    consumers: resolveConsumers(context, file),
    processors: resolveProcessors(context, file),
    sinks: resolveSinks(context, file),
  }
}

function checkSize(context: Context): void {
  let nodes = nodeNames(context.cluster.brokers, context.cluster.controllers).length + context.stores.size
  for (const application of context.applications.values()) {
    nodes += application.instances
    if (nodes <= MOST_NODES) continue
    application.place.error(
      'TWICESHY_RANGE',
      `the scenario has more than ${MOST_NODES} nodes`,
      'write fewer `instances`',
    )
    return
  }
}

function titleAt(root: Place): string {
  const place = root.get('scenario')
  const title = textAt(place)
  if (title === null && !place.broken && !place.written) {
    root.missing('scenario', 'the scenario has no title', 'begin with `scenario: <title>`')
  }
  return title ?? ''
}

function textAt(place: Place): string | null {
  if (place.written && place.text() === null) place.wrongType(`\`${place.name}\` must be a single value`)
  return place.text()
}

function tagsAt(place: Place): readonly string[] {
  if (!place.expectList('`tags`')) return []
  return place.items().flatMap((item) => {
    if (item.text() === null) item.wrongType('a tag must be a word')
    return item.text() ?? []
  })
}

function coverAt(place: Place, context: Context): readonly string[] {
  if (!place.expectList('`cover`')) return []
  return place.items().flatMap((item) => resolveMoment(item, context) ?? [])
}

function voidsAt(place: Place, options: LoadOptions): Readonly<Record<string, string>> {
  if (!place.expectMap('`void`')) return {}
  const voids = new Map<string, string>()
  for (const entry of place.entries()) {
    if (!entry.written || entry.broken) continue
    const reason = entry.text()?.trim() ?? ''
    if (reason === '')
      entry.error('TWICESHY_TYPE', `\`${entry.name}\` is voided without a reason`, 'write why, as text')
    else if (options.invariants !== undefined && !options.invariants.includes(entry.name)) {
      const help = didYouMean(entry.name, options.invariants)
      entry.keyErrorOrValue('TWICESHY_VALUE', `there is no invariant \`${entry.name}\``, help)
    } else voids.set(entry.name, reason)
  }
  return Object.fromEntries(voids)
}
