import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type TableName, tableNames } from '../../functions/_pipe/function.ts';
import { mapNames, pascalCase } from './names.ts';

export interface TablesProps {
  readonly removalPolicy: RemovalPolicy;
  /** A table under protection cannot be deleted, by stack or by hand, until it is lifted. */
  readonly deletionProtection: boolean;
}

/**
 * All tables, in the one layout that lib/aws/table.ts works on: `pk` and `sk`, the index `gsi1`, expiry by `expiresAt`.
 * They are encrypted with the key that DynamoDB owns, which costs nothing and cannot be lost.
 */
export class Tables extends Construct {
  readonly byName: Readonly<Record<TableName, Table>>;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    this.byName = mapNames(tableNames, (name) => this.makeTable(name, props));
  }

  private makeTable(name: TableName, props: TablesProps): Table {
    const table = new Table(this, pascalCase(name), {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection,
      removalPolicy: props.removalPolicy,
    });
    table.addGlobalSecondaryIndex({
      indexName: 'gsi1',
      partitionKey: { name: 'gsi1pk', type: AttributeType.STRING },
      sortKey: { name: 'gsi1sk', type: AttributeType.STRING },
      projectionType: ProjectionType.ALL,
    });
    return table;
  }
}
