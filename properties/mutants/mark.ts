/** Name of the global that a mutant sets when its code is reached. */
export const MARK_NAME = '__twiceshyMutantReached'
