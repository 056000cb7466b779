/**
 * Training on what is left when something is held out. Short sequences may do as a whole and be too short for that: then
 * there is nothing to measure by, which is no reason to refuse the run.
 */
import { type ErrorCode, KindredError } from '../../errors';

/**
 * @param tooLittle codes that say of the rest that it is not enough; the whole, if it is not enough either, says so itself
 * @returns undefined where the rest is not enough to learn from
 */
export async function trainedOnRest<Model>(
  training: Promise<Model>,
  tooLittle: readonly ErrorCode[] = ['EMPTY_CORPUS'],
): Promise<Model | undefined> {
  try {
    return await training;
  } catch (error) {
    if (error instanceof KindredError && tooLittle.includes(error.code)) return undefined;
    throw error;
  }
}
