import type { Page } from "playwright-core";

// What a person does on any page of the console.

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The row of a list; without a name, the one of the number that every graph of a test knows. */
export const row = (page: Page, name: string | RegExp = "Jettie Kuhic") => page.getByRole("option", { name });

export const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** Chooses one of many by typing a part of its name. */
export async function choose(page: Page, label: string, typed: string, name: string): Promise<void> {
  const box = page.getByRole("combobox", { name: label, exact: true });
  // In sight first: a list closes when its page is scrolled.
  await box.click();
  await box.fill(typed);
  await page.getByRole("option", { name, exact: true }).click();
}
