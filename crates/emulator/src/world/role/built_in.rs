//! The roles that every tenant has. They are data; what a role permits is worked out in the module above.

use super::Role;

/// A built-in role as it is written down here.
pub(super) struct BuiltIn {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    actions: &'static [&'static str],
    not_actions: &'static [&'static str],
    data_actions: &'static [&'static str],
}

impl BuiltIn {
    const NOTHING: Self = Self {
        id: "",
        name: "",
        description: "",
        actions: &[],
        not_actions: &[],
        data_actions: &[],
    };

    /// Gives the role.
    pub(super) fn role(&self) -> Role {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Role {
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            actions: owned(self.actions),
            not_actions: owned(self.not_actions),
            data_actions: owned(self.data_actions),
            not_data_actions: Vec::new(),
            custom: false,
            assignable_scopes: vec!["/".to_owned()],
        }
    }
}

/// The built-in roles that the emulator knows.
pub(super) const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        id: super::OWNER,
        name: "Owner",
        description: "Full access to all resources, the right to assign roles included.",
        actions: &["*"],
        ..BuiltIn::NOTHING
    },
    BuiltIn {
        id: super::GROUP_READER,
        name: "Management Group Reader",
        description: "Sees management groups and what is below them.",
        actions: &[
            "Microsoft.Management/managementGroups/*/read",
            "Microsoft.Management/managementGroups/read",
        ],
        ..BuiltIn::NOTHING
    },
    BuiltIn {
        id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
        name: "Contributor",
        description: "Full access to all resources, without the right to assign roles.",
        actions: &["*"],
        not_actions: &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
        ],
        data_actions: &[],
    },
    BuiltIn {
        id: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        name: "Reader",
        description: "Sees all resources and changes nothing.",
        actions: &["*/read"],
        ..BuiltIn::NOTHING
    },
    BuiltIn {
        id: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        name: "User Access Administrator",
        description: "Manages who has access to resources.",
        actions: &["*/read", "Microsoft.Authorization/*"],
        ..BuiltIn::NOTHING
    },
    BuiltIn {
        id: super::KEY_OPERATOR,
        name: "Storage Account Key Operator Service Role",
        description: "Lists and regenerates the keys of storage accounts.",
        actions: &[
            "Microsoft.Storage/storageAccounts/listkeys/action",
            "Microsoft.Storage/storageAccounts/regeneratekey/action",
        ],
        ..BuiltIn::NOTHING
    },
    BuiltIn {
        id: "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        name: "Storage Account Contributor",
        description: "Manages storage accounts, their keys included.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Storage/storageAccounts/*",
        ],
        ..BuiltIn::NOTHING
    },
    BuiltIn {
        id: "f25e0fa2-a7c8-4377-a976-54943a77a395",
        name: "Key Vault Contributor",
        description: "Manages vaults, without access to what is in them.",
        actions: &["Microsoft.Authorization/*/read", "Microsoft.KeyVault/*"],
        ..BuiltIn::NOTHING
    },
    BuiltIn {
        id: "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        name: "Key Vault Administrator",
        description: "Performs all data plane operations on a vault with role-based access.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/vaults/*/read",
        ],
        not_actions: &[],
        data_actions: &["Microsoft.KeyVault/vaults/*"],
    },
    BuiltIn {
        id: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        name: "Key Vault Secrets Officer",
        description: "Performs any action on the secrets of a vault with role-based access.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/vaults/*/read",
        ],
        not_actions: &[],
        data_actions: &["Microsoft.KeyVault/vaults/secrets/*"],
    },
    BuiltIn {
        id: "4633458b-17de-408a-b874-0445c86b69e6",
        name: "Key Vault Secrets User",
        description: "Reads the contents of secrets of a vault with role-based access.",
        actions: &[],
        not_actions: &[],
        data_actions: &[
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    },
    BuiltIn {
        id: "21090545-7ca7-4776-b22c-e363652d74d2",
        name: "Key Vault Reader",
        description: "Reads the metadata of vaults and of what is in them, without secret contents.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/vaults/*/read",
        ],
        not_actions: &[],
        data_actions: &[
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    },
    BuiltIn {
        id: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        name: "Storage Blob Data Contributor",
        description: "Reads, writes and deletes blobs by sign-in, without a key.",
        actions: &["Microsoft.Storage/storageAccounts/blobServices/containers/*"],
        not_actions: &[],
        data_actions: &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"],
    },
    BuiltIn {
        id: "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        name: "Monitoring Reader",
        description: "Reads all monitoring data.",
        actions: &["*/read"],
        ..BuiltIn::NOTHING
    },
];
