# router-down NAMESPACE
space=$1
ip link delete lblab0 2>/dev/null
ip netns delete "$space" 2>/dev/null
rm -f /run/lock/ladybug-lab-router
[[ ! -e /run/netns/$space ]]
