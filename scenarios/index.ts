/** Scenario files: loading, checking, saving, and the names of guarantees as data. */
export { defineScenario } from './define.ts'
export type {
  Handler,
  HandlerContext,
  HandlerFactory,
  HandlerOutput,
  HandlerProcess,
  HandlerRecord,
  HandlerResult,
} from './handler.ts'
export { type FrameStyle, PLAIN, renderDiagnostic } from './format/frame.ts'
export { type LoadOptions, loadScenarioText, loadScenarioValue } from './format/load.ts'
export type { RawFault, RawPatch, RawProducer, RawScenario } from './format/raw.ts'
export { type SaveOptions, saveScenario } from './format/save.ts'
export type { Diagnostic, Expectation, LoadedFile, ReplayRecord, Scenario, SourceSpan } from './format/scenario.ts'
export { jsonSchema } from './format/schema.ts'
export * from './format/vocabulary.ts'
