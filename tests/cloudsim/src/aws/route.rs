//! Which function answers which operation.

use serde_json::Value;

use super::{
    ec2::{
        address, catalog, change, gateway, group, image, instance, interface, key, launch, place, power, route_table,
        subnet, tag, volume, vpc,
    },
    elb::{self, attribute, balancer, health, listener},
    face::Cx,
    fail::Answer,
    quota, ssm, sts,
};

/// What answers an operation.
pub(super) type Handler = fn(&mut Cx<'_>, &Value) -> Answer;

/// The handler of an operation.
pub(super) fn handler(service: &str, operation: &str) -> Option<Handler> {
    match service {
        "ec2" => network(operation).or_else(|| machines(operation)).or_else(|| catalogue(operation)),
        "elbv2" => balancing(operation),
        "sts" => (operation == "GetCallerIdentity").then_some(sts::get_caller_identity as Handler),
        "ssm" => (operation == "GetParameter").then_some(ssm::get_parameter as Handler),
        "service-quotas" => (operation == "GetServiceQuota").then_some(quota::get as Handler),
        _ => None,
    }
}

fn network(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateVpc" => vpc::create,
        "DeleteVpc" => vpc::delete,
        "DescribeVpcs" => vpc::describe,
        "ModifyVpcAttribute" => vpc::modify_attribute,
        "DescribeVpcAttribute" => vpc::describe_attribute,
        "DescribeNetworkAcls" => vpc::describe_acls,
        "CreateSubnet" => subnet::create,
        "DeleteSubnet" => subnet::delete,
        "DescribeSubnets" => subnet::describe,
        "ModifySubnetAttribute" => subnet::modify_attribute,
        "CreateInternetGateway" => gateway::create,
        "AttachInternetGateway" => gateway::attach,
        "DetachInternetGateway" => gateway::detach,
        "DeleteInternetGateway" => gateway::delete,
        "DescribeInternetGateways" => gateway::describe,
        "CreateRouteTable" => route_table::create,
        "DeleteRouteTable" => route_table::delete,
        "DescribeRouteTables" => route_table::describe,
        "CreateRoute" => route_table::create_route,
        "ReplaceRoute" => route_table::replace_route,
        "DeleteRoute" => route_table::delete_route,
        "AssociateRouteTable" => route_table::associate,
        "DisassociateRouteTable" => route_table::disassociate,
        "CreateSecurityGroup" => group::create,
        "DeleteSecurityGroup" => group::delete,
        "DescribeSecurityGroups" => group::describe,
        "DescribeSecurityGroupRules" => group::describe_rules,
        "AuthorizeSecurityGroupIngress" => group::authorize_ingress,
        "AuthorizeSecurityGroupEgress" => group::authorize_egress,
        "RevokeSecurityGroupIngress" => group::revoke_ingress,
        "RevokeSecurityGroupEgress" => group::revoke_egress,
        "AllocateAddress" => address::allocate,
        "AssociateAddress" => address::associate,
        "DisassociateAddress" => address::disassociate,
        "ReleaseAddress" => address::release,
        "DescribeAddresses" => address::describe,
        "DescribeAddressesAttribute" => address::describe_attribute,
        "DescribeNetworkInterfaces" => interface::describe,
        "ModifyNetworkInterfaceAttribute" => interface::modify_attribute,
        "DeleteNetworkInterface" => interface::delete,
        _ => return None,
    };
    Some(handler)
}

fn machines(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "RunInstances" => launch::run,
        "DescribeInstances" => instance::describe,
        "DescribeInstanceStatus" => instance::describe_status,
        "DescribeInstanceAttribute" => change::describe,
        "ModifyInstanceAttribute" => change::modify,
        "DescribeInstanceCreditSpecifications" => instance::credit_specifications,
        "GetConsoleOutput" => instance::console_output,
        "StartInstances" => power::start,
        "StopInstances" => power::stop,
        "RebootInstances" => power::reboot,
        "TerminateInstances" => power::terminate,
        "ImportKeyPair" => key::import,
        "DescribeKeyPairs" => key::describe,
        "DeleteKeyPair" => key::delete,
        "DescribeVolumes" => volume::describe,
        "DeleteVolume" => volume::delete,
        "CreateTags" => tag::create,
        "DeleteTags" => tag::delete,
        "DescribeTags" => tag::describe,
        _ => return None,
    };
    Some(handler)
}

fn catalogue(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "DescribeRegions" => place::describe_regions,
        "DescribeAvailabilityZones" => place::describe_zones,
        "DescribeAccountAttributes" => place::describe_account_attributes,
        "DescribeInstanceTypes" => catalog::describe_types,
        "DescribeInstanceTypeOfferings" => catalog::describe_offerings,
        "DescribeSpotPriceHistory" => catalog::describe_spot_prices,
        "DescribeImages" => image::describe,
        _ => return None,
    };
    Some(handler)
}

fn balancing(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateLoadBalancer" => balancer::create,
        "DeleteLoadBalancer" => balancer::delete,
        "DescribeLoadBalancers" => balancer::describe,
        "DescribeLoadBalancerAttributes" => attribute::describe_balancer,
        "ModifyLoadBalancerAttributes" => attribute::modify_balancer,
        "CreateTargetGroup" => elb::group::create,
        "DeleteTargetGroup" => elb::group::delete,
        "DescribeTargetGroups" => elb::group::describe,
        "DescribeTargetGroupAttributes" => attribute::describe_group,
        "ModifyTargetGroupAttributes" => attribute::modify_group,
        "RegisterTargets" => elb::group::register,
        "DeregisterTargets" => elb::group::deregister,
        "DescribeTargetHealth" => health::describe,
        "CreateListener" => listener::create,
        "DeleteListener" => listener::delete,
        "DescribeListeners" => listener::describe,
        "DescribeListenerAttributes" => attribute::describe_listener,
        "AddTags" => elb::tag::add,
        "RemoveTags" => elb::tag::remove,
        "DescribeTags" => elb::tag::describe,
        _ => return None,
    };
    Some(handler)
}

#[cfg(test)]
mod tests {
    use super::{super::model, *};

    #[test]
    fn every_operation_of_the_model_has_a_handler() {
        for name in ["ec2", "elbv2", "sts", "ssm", "service-quotas"] {
            let service = model::service(name).unwrap();
            for operation in service.operations.keys() {
                assert!(handler(name, operation).is_some(), "{name} {operation}");
            }
        }
    }
}
