import { build } from 'rolldown'
import config from './rolldown.config.js'

// What `rolldown -c` does, without its list of files: `npm ci` would print it to whoever only wants to start.
await build(config)
