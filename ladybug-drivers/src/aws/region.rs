//! Whether there is such a region.

use ladybug_core::{Error, ErrorKind, Region};

use super::{
    client::Api,
    error::{OPT_IN, code},
    query::Form,
};

/// The error that says what is wrong with the region, if that is what `error` comes from: AWS refuses the signature of a
/// region that it does not have or that is not enabled, and has no host for one that does not exist.
pub(super) async fn explain(api: Api<'_>, error: Error) -> Error {
    let refused = code(&error) == Some("AuthFailure");
    let unreachable = code(&error).is_none() && error.kind() == ErrorKind::Unavailable;
    if !refused && !unreachable {
        return error;
    }
    let Ok(home) = Region::new(home(api.region)) else { return error };
    let asked = Api { region: &home, ..api };
    let Ok(answer) = asked.ec2("DescribeRegions", Form::new().with("AllRegions", "true")).await else { return error };
    let name = api.region.as_str();
    match answer.items("regionInfo").find(|region| region.word("regionName") == Some(name)) {
        None => api
            .error(ErrorKind::NotFound)
            .with_message(format!("AWS has no region {name}"))
            .with_remedy("regions look like ap-northeast-2; `aws ec2 describe-regions` lists them"),
        Some(region) if region.word("optInStatus") == Some("not-opted-in") => api
            .error(ErrorKind::PermissionDenied)
            .with_message(format!("the region {name} is not enabled for this account"))
            .with_remedy(OPT_IN),
        Some(_) => error,
    }
}

/// A region that every account of the partition has.
fn home(region: &Region) -> &'static str {
    match region.as_str() {
        name if name.starts_with("cn-") => "cn-north-1",
        name if name.starts_with("us-gov-") => "us-gov-west-1",
        name if name.starts_with("eusc-") => "eusc-de-east-1",
        _ => "us-east-1",
    }
}
