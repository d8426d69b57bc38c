//! Deleted vaults as resources: finding and purging them. They are recovered by a PUT of the vault.

use serde_json::json;

use super::page::page;
use super::{permit, scope};
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};
use crate::wire::management::deleted_vault as deleted_vault_body;
use crate::world::deleted_vault::{DeletedVault, missing};

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.KeyVault/deletedVaults",
        "Vaults_ListDeleted",
        list,
    ),
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/deletedVaults/{vault}",
        "Vaults_GetDeleted",
        read,
    ),
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.KeyVault/deletedManagedHSMs",
        "ManagedHsms_ListDeleted",
        list_modules,
    ),
    Route::new(
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.KeyVault/managedHSMs",
        "ManagedHsms_ListBySubscription",
        list_modules,
    ),
    Route::new(
        "POST",
        "/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/deletedVaults/{vault}/purge",
        "Vaults_PurgeDeleted",
        purge,
    ),
];

const LIST: &str = "Microsoft.KeyVault/deletedVaults/read";
const READ: &str = "Microsoft.KeyVault/locations/deletedVaults/read";
const PURGE: &str = "Microsoft.KeyVault/locations/deletedVaults/purge/action";

fn list(context: &mut Context<'_>) -> Answer {
    let subscription = context.part("subscription");
    permit(context, LIST, &scope(context))?;
    let all = context.world.deleted_vaults(context.now);
    let mine = all.filter(|entry| entry.vault.subscription.eq_ignore_ascii_case(subscription));
    page(context, mine, deleted_vault_body)
}

fn read(context: &mut Context<'_>) -> Answer {
    permit(context, READ, &scope(context))?;
    let found = find(context).ok_or_else(|| missing(context.part("vault")))?;
    Ok(Reply::ok(deleted_vault_body(found)))
}

/// Hardware modules are not emulated, so there are none. Clients ask for them together with vaults.
fn list_modules(_context: &mut Context<'_>) -> Answer {
    Ok(Reply::ok(json!({"value": []})))
}

/// Purges at once, where Azure takes a while.
fn purge(context: &mut Context<'_>) -> Answer {
    permit(context, PURGE, &scope(context))?;
    let name = context.part("vault").to_owned();
    find(context).ok_or_else(|| missing(&name))?;
    let caller = context.caller()?;
    context.world.purge_vault(&name, &caller, context.now)?;
    Ok(Reply::empty(200))
}

fn find<'a>(context: &'a Context<'_>) -> Option<&'a DeletedVault> {
    let (subscription, location) = (context.part("subscription"), context.part("location"));
    let found = context
        .world
        .deleted_vault(context.part("vault"), context.now)?;
    // Places are written with blanks and capitals too, as in `West Europe`.
    let is_there = found
        .vault
        .location
        .replace(' ', "")
        .eq_ignore_ascii_case(&location.replace(' ', ""));
    (is_there && found.vault.subscription.eq_ignore_ascii_case(subscription)).then_some(found)
}
