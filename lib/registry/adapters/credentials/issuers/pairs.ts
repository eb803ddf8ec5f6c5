import { LadingError } from '../../../../core/errors.ts';

/**
 * Of two accounts, the one that is not in use: by its id, or, where a person put the secret there, by its name.
 *
 * @throws LadingError `rotation-unclear` where both would be
 */
export function otherOf<Account extends { readonly id: string }>(
  accounts: readonly Account[],
  inUse: { readonly id?: string | undefined; readonly username?: string | undefined },
  nameOf: (account: Account) => string,
): Account {
  const free = accounts.find((one) => one.id !== inUse.id && nameOf(one) !== inUse.username);
  if (free !== undefined) return free;
  throw new LadingError('rotation-unclear', 'both accounts of the rotation seem to be in use');
}
