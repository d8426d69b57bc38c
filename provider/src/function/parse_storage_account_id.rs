//! `parse_storage_account_id`: the parts of a storage account's resource id.

use azure::id::StorageAccountId;
use plugin::{Function, FunctionError, Parameter, Signature, Type, Value};

use super::{blame, text};

/// The function.
pub(super) struct ParseStorageAccountId;

impl Function for ParseStorageAccountId {
    fn name(&self) -> &'static str {
        "parse_storage_account_id"
    }

    fn signature(&self) -> Signature {
        let parts = ["subscription_id", "resource_group", "name"];
        let parts = parts.map(|name| (name.to_owned(), Type::String));
        Signature::new(
            Type::Object(parts.into()),
            "The parts of a storage account's id.",
        )
        .parameter(
            Parameter::new("id", Type::String).describe("The resource id of a storage account."),
        )
        .describe(
            "Splits the resource id of a storage account into `subscription_id`, \
                 `resource_group` and `name`, in the letters they were given. Anything but the id \
                 of a storage account is an error.",
        )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let id: StorageAccountId = text(arguments, 0)
            .parse()
            .map_err(|error| blame(0, &error))?;
        Ok(Value::object([
            ("subscription_id", Value::from(id.subscription().as_str())),
            ("resource_group", Value::from(id.resource_group())),
            ("name", Value::from(id.name())),
        ]))
    }
}
