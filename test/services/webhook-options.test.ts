import { Command } from 'commander';
import { webhookOptions, webhookRulesOf, type WebhookChoice } from '../../src/cli/webhook-options.js';

/** What a command line with these words and variables comes to. */
function rulesOf(words: string[], variables: Record<string, string> = {}) {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    for (const option of webhookOptions()) command.addOption(option);
    return webhookRulesOf(command.parse(words, { from: 'user' }).opts<WebhookChoice>());
  } finally {
    process.env = before;
  }
}

test.each<[string[], Record<string, string>, boolean]>([
  [[], {}, false],
  [['--webhook-allow-http'], {}, true],
  [['--webhook-allow-http', 'no'], {}, false],
  [[], { OSTEOGRAPH_WEBHOOK_ALLOW_HTTP: 'true' }, true],
  [[], { OSTEOGRAPH_WEBHOOK_ALLOW_HTTP: '1' }, true],
  [[], { OSTEOGRAPH_WEBHOOK_ALLOW_HTTP: 'false' }, false],
  [[], { OSTEOGRAPH_WEBHOOK_ALLOW_HTTP: '0' }, false],
  [[], { OSTEOGRAPH_WEBHOOK_ALLOW_HTTP: '' }, false],
])('%j with %j allows http: %j', (words, variables, allowHttp) => {
  expect(rulesOf(words, variables)).toEqual({ allowHttp, allowHosts: [] });
});

test('hosts of the variable are separated by commas, and an empty one is none', () => {
  expect(rulesOf([], { OSTEOGRAPH_WEBHOOK_ALLOW_HOST: 'Hooks.Internal, 10.0.0.7:9000,' }).allowHosts).toEqual([
    'hooks.internal',
    '10.0.0.7:9000',
  ]);
  expect(rulesOf([], { OSTEOGRAPH_WEBHOOK_ALLOW_HOST: '' }).allowHosts).toEqual([]);
});

test('what is neither yes nor no is refused in a sentence', () => {
  expect(() => rulesOf(['--webhook-allow-http', 'perhaps'])).toThrow(
    '--webhook-allow-http is yes or no, got "perhaps".',
  );
});
