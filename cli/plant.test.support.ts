import { register } from 'node:module'

// Imported before everything else in every thread and child of a planted command line.
register(new URL('./plant-hooks.test.support.js', import.meta.url), {
  data: JSON.parse(process.env['TWICESHY_PLANT'] ?? 'null') as unknown,
})
