import type { Table } from '../../aws/table.ts';
import type { CampaignProgress } from '../request-signatures.ts';

const keyOf = (campaign: string) => ({ pk: 'CAMPAIGNS', sk: `campaign#${campaign}` });

export const dynamoCampaign = (table: Table): CampaignProgress => ({
  async after(campaign) {
    const after = (await table.get(keyOf(campaign)))?.after;
    return typeof after === 'string' ? after : undefined;
  },
  advance: async (campaign, after) => void (await table.put({ ...keyOf(campaign), after })),
});
