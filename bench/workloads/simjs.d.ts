/** The part of simjs that the bench uses; it brings no types. It is made for browsers: its classes hang on `window`. */
declare module 'simjs' {
  export interface Simulation {
    time(): number
    addEntity(kind: new () => Entity, name: string): Entity
    simulate(endTime: number, maxEvents?: number): boolean
  }
  export interface Entity {
    send(message: unknown, delay: number, to: Entity): void
    setTimer(delay: number): Request
  }
  export interface Request {
    done<C extends object, T>(callback: (this: C, argument: T) => void, context: C, argument: T): Request
  }
  export interface SimJs {
    readonly Sim: new () => Simulation
    readonly Entity: new () => Entity
  }
}
