import type { ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginLandingPageDisabled } from "@apollo/server/plugin/disabled";
import { ApolloServerPluginLandingPageLocalDefault } from "@apollo/server/plugin/landingPage/default";

/** The query that a newcomer runs first: one person on both platforms, and the links between them. */
export const FIRST_QUERY = `# One person, seen from both platforms. Press Run, then change the number.
query PersonPage($phoneNumber: PhoneNumber!) {
  person(phoneNumber: $phoneNumber) {
    displayName
    contactLink {
      state
      source
    }
    contact {
      id
      firstName
      lastName
      emailAddress
      tags
      externalId
    }
    participant {
      id
      name
      isSubscribed
      groups {
        id
        name
        counterpart {
          id
          name
          phoneNumber
        }
      }
    }
  }
}
`;

/** Apollo Sandbox, embedded, with a query that has a result; nothing in production. */
export function landingPage(options: {
  readonly isProduction: boolean;
  readonly exampleNumber: string;
}): ApolloServerPlugin {
  return options.isProduction
    ? ApolloServerPluginLandingPageDisabled()
    : withSubscriptions(
        ApolloServerPluginLandingPageLocalDefault({
          embed: { runTelemetry: false },
          includeCookies: false,
          document: FIRST_QUERY,
          variables: { phoneNumber: options.exampleNumber },
        }),
      );
}

/** Tells Sandbox the URL of subscriptions, for which the plugin has no option: the same, over WebSocket. */
function withSubscriptions(plugin: ApolloServerPlugin): ApolloServerPlugin {
  return {
    ...plugin,
    serverWillStart: async (service) => {
      const listener = await plugin.serverWillStart?.(service);
      const page = await listener?.renderLandingPage?.();
      const render = async () => {
        const html = typeof page?.html === "function" ? await page.html() : (page?.html ?? "");
        return withFallback(html).replace(
          "initialEndpoint,",
          "initialEndpoint, initialSubscriptionEndpoint: initialEndpoint.replace(/^http/, 'ws'),",
        );
      };
      return { ...listener, renderLandingPage: async () => ({ html: render }) };
    },
  };
}

/** Where Sandbox's script cannot be loaded, because there is no internet, the page goes on to the explorer of this server. */
function withFallback(html: string): string {
  return html.replace(
    /<script nonce="([0-9a-f]+)"/,
    `<script nonce="$1">
addEventListener("error", ({ target }) => {
  if (target instanceof HTMLScriptElement) location.replace("/explorer");
}, true);
</script>
$&`,
  );
}
