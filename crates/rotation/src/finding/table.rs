//! The texts of every kind of finding, in the order of the codes.

use super::{Explanation, FindingCode, Severity};

pub(super) static TABLE: [Explanation; 35] = [
    row(
        FindingCode::KeyOverdue,
        "key-overdue",
        Severity::High,
        "Whoever ever saw the key still has full access to the account.",
        "If a vault manages the account, regenerate the idle key through the vault, never in the \
         account itself. Else move all clients to the other key and regenerate this one, or enrol \
         the account in a vault that renews its keys.",
    ),
    row(
        FindingCode::NoRecentRegeneration,
        "no-recent-regeneration",
        Severity::Medium,
        "Nobody has regenerated a key of the account for longer than is allowed, so whoever ever \
         saw one still has full access.",
        "Regenerate both keys, one after the other, while all clients use the other one; or enrol \
         the account in a vault that renews its keys.",
    ),
    row(
        FindingCode::RotationStalled,
        "rotation-stalled",
        Severity::High,
        "Everybody believes that the vault renews the keys, and it has stopped.",
        "Check that Key Vault's own principal holds the role `Storage Account Key Operator Service \
         Role` on the account and that no lock forbids regeneration, then regenerate the idle key \
         through the vault.",
    ),
    row(
        FindingCode::KeyAgeUnknown,
        "key-age-unknown",
        Severity::High,
        "Azure has no creation time for keys that were made before it began to record them in 2021 \
         and never regenerated since, so the key is probably years old.",
        "Rotate both keys once, through the vault if one manages the account; from then on Azure \
         records when they were made.",
    ),
    row(
        FindingCode::DeclaredNotEnrolled,
        "declared-not-enrolled",
        Severity::High,
        "The configuration promises that a vault renews the keys, and no vault does.",
        "Apply the configuration, or take the declaration out of it. If the vault is in a \
         subscription that was not examined, add that subscription to the scope.",
    ),
    row(
        FindingCode::VaultRoleMissing,
        "vault-role-missing",
        Severity::High,
        "Key Vault cannot renew the keys, and fails without a word when the next turn is due.",
        "Assign the role `Storage Account Key Operator Service Role` on the account to Key Vault's \
         own principal.",
    ),
    row(
        FindingCode::EnrolledTwice,
        "enrolled-twice",
        Severity::High,
        "Each vault record regenerates the keys that the other one signs tokens with, so tokens \
         die without warning.",
        "Keep one of the vault records and remove the others.",
    ),
    row(
        FindingCode::RegeneratedBehindVault,
        "regenerated-behind-vault",
        Severity::Medium,
        "The vault goes on signing tokens with the key it remembers, and those tokens are refused.",
        "Regenerate that key through the vault, and let nobody regenerate keys in the account \
         itself.",
    ),
    row(
        FindingCode::PeriodTooLong,
        "period-too-long",
        Severity::Medium,
        "A vault renews only the idle key each period, so a key lives for two periods and will \
         outgrow the limit even though rotation works.",
        "Shorten the period to half the allowed age or less.",
    ),
    row(
        FindingCode::AutoRegenerationOff,
        "auto-regeneration-off",
        Severity::Medium,
        "The account looks managed, but its keys grow old until somebody asks for a new one.",
        "Switch automatic regeneration on in the vault record.",
    ),
    row(
        FindingCode::EnrolmentUnclear,
        "enrolment-unclear",
        Severity::Medium,
        "Whether the vault keeps its promise to renew the keys cannot be told.",
        "Read the vault record and set its period in days, such as P45D.",
    ),
    row(
        FindingCode::EnrolmentSoftDeleted,
        "enrolment-soft-deleted",
        Severity::Low,
        "A vault managed the account and no longer does: nobody renews the keys, and the name of \
         the record is taken until it is purged.",
        "Recover the record if the vault is to renew the keys; else purge it.",
    ),
    row(
        FindingCode::EnrolledNotDeclared,
        "enrolled-not-declared",
        Severity::Low,
        "A vault renews the keys and no configuration says so: the next change of the account can \
         break its tokens.",
        "Import the enrolment into the configuration, or end it.",
    ),
    row(
        FindingCode::SasValidityTooLong,
        "sas-validity-too-long",
        Severity::Medium,
        "A token that lives longer than the period can be signed with a key that is renewed before \
         the token ends, and then dies early.",
        "Make the validity of the SAS definition no longer than the period of its enrolment.",
    ),
    row(
        FindingCode::SasVersionTooNew,
        "sas-version-too-new",
        Severity::Medium,
        "Key Vault accepts the template and mints tokens by it, and storage refuses every one of \
         them.",
        "Write the template with `sv=2018-03-28` or an older version.",
    ),
    row(
        FindingCode::EvidenceDisagrees,
        "evidence-disagrees",
        Severity::Medium,
        "One of the sources is wrong or late, so a conclusion from either alone may be wrong as \
         well.",
        "Compare the account's key creation times with its activity log, and look for who \
         regenerated what.",
    ),
    row(
        FindingCode::NeverRotated,
        "never-rotated",
        Severity::Medium,
        "The keys are as old as the account: nobody has ever rotated it, and its clients may not \
         survive the first time.",
        "Find out who uses the keys, then rotate both, one after the other.",
    ),
    row(
        FindingCode::ClockSkew,
        "clock-skew",
        Severity::Medium,
        "The key seems to have been made after the moment the check is about, so its age cannot be \
         told: a clock is wrong, or the moment is too early.",
        "Correct the clock of this machine, or choose a later moment for the check.",
    ),
    row(
        FindingCode::WaiverExpired,
        "waiver-expired",
        Severity::Medium,
        "A finding was accepted until a day that has passed, and nobody has looked at it since.",
        "Mend what was waived, or renew the waiver with a new day.",
    ),
    row(
        FindingCode::WaiverInvalid,
        "waiver-invalid",
        Severity::Low,
        "A tag was meant to be a waiver and is not understood, so it waives nothing.",
        "Write the tag as `findings=..; owner=..; reason=..; expires=2026-12-31`.",
    ),
    row(
        FindingCode::KeyDueSoon,
        "key-due-soon",
        Severity::Low,
        "The key will soon be older than is allowed.",
        "Plan its rotation before the day it is due.",
    ),
    row(
        FindingCode::KeyInAppSetting,
        "key-in-app-setting",
        Severity::Medium,
        "Whoever may read the settings of the app can read the key, or the token that it signed, and \
         the app stops working when the account refuses keys.",
        "Let the app use its managed identity: for the storage of a function app set \
         `AzureWebJobsStorage__accountName` in place of `AzureWebJobsStorage` and give the identity \
         its roles on the account. As long as it needs the key, keep that in a vault and refer to it.",
    ),
    row(
        FindingCode::AppSettingsUnread,
        "app-settings-unread",
        Severity::Medium,
        "Whether an app needs the keys of the account is not known, so nobody can tell that it may \
         refuse them.",
        "Check again with `--app-settings`, which takes the right to read the settings of apps; or \
         look at the apps by hand and waive this.",
    ),
    row(
        FindingCode::KeyExpiryPolicyLooser,
        "key-expiry-policy-looser",
        Severity::Low,
        "Azure's own reminders and built-in policies call the keys good for longer than is \
         allowed.",
        "Set the account's key expiration period to the allowed age.",
    ),
    row(
        FindingCode::KeyExpiryPolicyMissing,
        "key-expiry-policy-missing",
        Severity::Info,
        "Azure's own reminders and built-in policies treat the keys as good for ever.",
        "Set the account's key expiration period to the allowed age.",
    ),
    row(
        FindingCode::SharedKeyAllowed,
        "shared-key-allowed",
        Severity::Medium,
        "Whoever has a key has full access to the account, without a name and past every role.",
        "Move the clients to Microsoft Entra ID and set `allowSharedKeyAccess` to false.",
    ),
    row(
        FindingCode::SharedKeyUnneeded,
        "shared-key-unneeded",
        Severity::Low,
        "The account accepts its keys although nothing that was seen needs them.",
        "Look for clients that use a key directly, such as connection strings in app settings, \
         which are read with `--app-settings` only; if there are none, set `allowSharedKeyAccess` to \
         false.",
    ),
    row(
        FindingCode::SharedKeyNeeded,
        "shared-key-needed",
        Severity::Info,
        "The account cannot refuse its keys as long as what was found depends on them.",
        "Move what was found to Microsoft Entra ID, then set `allowSharedKeyAccess` to false.",
    ),
    row(
        FindingCode::SharedKeyOff,
        "shared-key-off",
        Severity::Info,
        "None: the account refuses every request signed with a key.",
        "Nothing to do. If keys are ever allowed again, rotate them first.",
    ),
    row(
        FindingCode::ScopeUnreadable,
        "scope-unreadable",
        Severity::High,
        "Accounts in this part of the scope were not examined at all.",
        "Grant the identity the role `Reader` there, or wait if Azure was throttling.",
    ),
    row(
        FindingCode::VaultUnreadable,
        "vault-unreadable",
        Severity::Medium,
        "Which accounts this vault manages, and whether it renews their keys, cannot be told.",
        "Grant the identity `get`, `list`, `getsas` and `listsas` on storage in the vault's access \
         policy (or the data actions to read storage accounts and SAS definitions), and let its \
         network through.",
    ),
    row(
        FindingCode::AccountUnreadable,
        "account-unreadable",
        Severity::High,
        "The account is gone, or Azure described it in a form that is not understood, so it was not \
         examined.",
        "If the account is gone, take it out of the scope; else look at it by hand and report the \
         form as a bug of this tool.",
    ),
    row(
        FindingCode::RolesUnreadable,
        "roles-unreadable",
        Severity::Medium,
        "Whether Key Vault may still renew the keys of the accounts there cannot be told.",
        "Grant the identity the role `Reader` there.",
    ),
    row(
        FindingCode::LogUnreadable,
        "log-unreadable",
        Severity::Medium,
        "Who regenerated which key, and whether anybody did, cannot be told.",
        "Grant the identity the role `Reader` there; the log reaches back 90 days at most.",
    ),
    row(
        FindingCode::AppSettingsUnreadable,
        "app-settings-unreadable",
        Severity::Medium,
        "Whether this app, or an app there, holds a key of an account cannot be told.",
        "Grant the identity `Microsoft.Web/sites/config/list/action`, and for deployment slots \
         `Microsoft.Web/sites/slots/config/list/action`, which `Website Contributor` has. A key that \
         stands alone does not say whose it is: put it into a vault and refer to it.",
    ),
];

const fn row(
    code: FindingCode,
    name: &'static str,
    severity: Severity,
    risk: &'static str,
    remediation: &'static str,
) -> Explanation {
    Explanation {
        code,
        name,
        severity,
        risk,
        remediation,
    }
}
