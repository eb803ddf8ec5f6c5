import { canonicalJson } from '../../core/json.ts';
import type { Vote } from '../model.ts';
import type { VoteStore } from '../ports.ts';
import { instantOf } from './dynamo-vote-store.ts';

export function memoryVoteStore(): VoteStore {
  const votes = new Map<string, Map<string, Vote>>();
  return {
    async put(image, vote) {
      const own = votes.get(image) ?? new Map<string, Vote>();
      const known = own.get(vote.voter);
      if (known && canonicalJson(known.report) === canonicalJson(vote.report)) return 'unchanged';
      if (known && instantOf(known) > instantOf(vote)) return 'superseded';
      votes.set(image, own.set(vote.voter, structuredClone(vote)));
      return 'stored';
    },
    of: async (image) => [...(votes.get(image)?.values() ?? [])].sort((a, b) => (a.voter < b.voter ? -1 : 1)),
  };
}
