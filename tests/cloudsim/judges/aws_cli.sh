#!/bin/sh
# The aws-cli as a judge of cloudsim: makes, lists and deletes, and prints what it counted.
set -eu
text() { aws --output text "$@"; }
account=$(text sts get-caller-identity --query Account)
vpc=$(text ec2 create-vpc --cidr-block 10.8.0.0/16 --query Vpc.VpcId \
  --tag-specifications 'ResourceType=vpc,Tags=[{Key=judge,Value=cli}]')
subnet=$(text ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.8.1.0/24 --query Subnet.SubnetId)
ami=$(text ssm get-parameter --name /aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id \
  --query Parameter.Value)
machine=$(text ec2 run-instances --image-id "$ami" --instance-type t4g.medium --subnet-id "$subnet" --count 1 \
  --query 'Instances[0].InstanceId')
listed=$(text ec2 describe-vpcs --filters Name=tag:judge,Values=cli --query 'length(Vpcs)')
aws ec2 wait instance-running --instance-ids "$machine"
if aws ec2 delete-subnet --subnet-id "$subnet" 2>refused; then echo "a subnet in use was deleted"; exit 1; fi
grep -q DependencyViolation refused
aws --output json ec2 terminate-instances --instance-ids "$machine" >/dev/null
aws ec2 wait instance-terminated --instance-ids "$machine"
aws ec2 delete-subnet --subnet-id "$subnet"
aws ec2 delete-vpc --vpc-id "$vpc"
echo "account $account, $listed VPC listed"
