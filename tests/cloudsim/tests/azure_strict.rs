//! The Azure face refuses what Azure refuses, in Azure's words.
#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers are no product code"
)]

mod support;

use std::time::Duration;

use ladybug_cloudsim::{CloudSim, Config};
use serde_json::{Value, json};
use support::arm::Client;

const NETWORK: &str = "2024-01-01";
const COMPUTE: &str = "2024-03-01";
const GROUPS: &str = "2024-03-01";
const RG: &str = "/resourceGroups/g";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXdDFif6CQJ/K5qSuFAvAAX1pstDbAb0PPRy1x8n4iz t";

/// A world with a group, and a client for it.
struct Scene {
    sim: CloudSim,
    client: Client,
}

impl Scene {
    async fn new(config: Config) -> Self {
        let sim = CloudSim::start(config).await.unwrap();
        let client = Client::start(&sim).await;
        let scene = Self { sim, client };
        let (status, _) = scene.client.ask("PUT", RG, GROUPS, Some(json!({ "location": "koreacentral" }))).await;
        assert_eq!(status, 201);
        scene
    }

    async fn network(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.client.ask(method, &format!("{RG}/providers/Microsoft.Network/{path}"), NETWORK, body).await
    }

    async fn compute(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.client.ask(method, &format!("{RG}/providers/Microsoft.Compute/{path}"), COMPUTE, body).await
    }

    /// Makes something of the network provider and waits until it is provisioned.
    async fn made(&self, path: &str, properties: Value) -> Value {
        let mut body = json!({ "location": "koreacentral", "properties": properties });
        if path.starts_with("publicIP") {
            body["sku"] = json!({ "name": "Standard" });
        }
        let (status, said) = self.network("PUT", path, Some(body)).await;
        assert_eq!(status, 201, "{said}");
        loop {
            let (_, shown) = self.network("GET", path, None).await;
            if shown["properties"]["provisioningState"] == "Succeeded" {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// A network, an address and an interface on them.
    async fn interface(&self) -> Value {
        let subnet = json!([{ "name": "nodes", "properties": { "addressPrefix": "10.1.0.0/24" } }]);
        let net = json!({ "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] }, "subnets": subnet });
        let net = self.made("virtualNetworks/n", net).await;
        let ip = self.made("publicIPAddresses/ip", json!({ "publicIPAllocationMethod": "Static" })).await;
        let subnet = json!({ "id": net["properties"]["subnets"][0]["id"] });
        let configuration =
            json!({ "name": "first", "properties": { "subnet": subnet, "publicIPAddress": { "id": ip["id"] } } });
        self.made("networkInterfaces/nic", json!({ "ipConfigurations": [configuration] })).await
    }
}

fn code(said: &(u16, Value)) -> (u16, &str) {
    (said.0, said.1["error"]["code"].as_str().unwrap_or_default())
}

fn machine(interface: &Value) -> Value {
    let key = json!({ "path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY });
    json!({ "location": "koreacentral", "zones": ["1"], "properties": {
        "hardwareProfile": { "vmSize": "Standard_B2s" },
        "storageProfile": {
            "imageReference": { "publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest" },
            "osDisk": { "createOption": "FromImage" } },
        "osProfile": { "computerName": "m", "adminUsername": "azureuser", "linuxConfiguration": {
            "disablePasswordAuthentication": true, "ssh": { "publicKeys": [key] } } },
        "networkProfile": { "networkInterfaces": [{ "id": interface["id"] }] } } })
}

#[tokio::test]
async fn versions_paths_tokens_and_bodies_must_be_right() {
    let scene = Scene::new(Config::default()).await;
    let path = format!("{RG}/providers/Microsoft.Network/virtualNetworks/n");
    let good =
        json!({ "location": "koreacentral", "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } } });
    for version in ["2019-01-01", "soon", "2024-1-1"] {
        let said = scene.client.ask("PUT", &path, version, Some(good.clone())).await;
        assert_eq!(code(&said), (400, "InvalidApiVersionParameter"), "{version}");
    }
    let said =
        scene.client.ask("GET", &format!("{RG}/providers/Microsoft.Storage/storageAccounts/s"), NETWORK, None).await;
    assert_eq!(code(&said), (404, "InvalidResourceType"));
    for (change, wanted) in [
        (json!({ "x": 1 }), "InvalidRequestContent"),
        (json!({ "location": null }), "LocationRequired"),
        (json!({ "location": "nowhere" }), "LocationNotAvailableForResourceType"),
        (json!({ "tags": { "a": "b".repeat(257) } }), "InvalidTagValue"),
        (json!({ "properties": { "addressSpace": { "addressPrefixes": ["10.1"] } } }), "InvalidAddressPrefixFormat"),
        (json!({ "properties": { "addresSpace": {} } }), "InvalidRequestContent"),
    ] {
        let mut bad = good.clone();
        change.as_object().unwrap().iter().for_each(|(key, value)| bad[key] = value.clone());
        let said = scene.network("PUT", "virtualNetworks/n", Some(bad)).await;
        assert_eq!(code(&said), (400, wanted), "{change}");
    }
    let said = scene.network("PUT", "virtualNetworks/no%20good", Some(good)).await;
    assert_eq!(said.0, 400);
    assert_eq!(scene.sim.everything().len(), 1, "nothing was made");
    scene.sim.azure().revoke_tokens();
    let said = scene.network("GET", "virtualNetworks", None).await;
    assert_eq!(code(&said), (401, "InvalidAuthenticationToken"));
}

#[tokio::test]
async fn what_is_in_use_cannot_be_deleted_and_a_put_replaces() {
    let scene = Scene::new(Config::default()).await;
    let interface = scene.interface().await;
    let (status, said) = scene.compute("PUT", "virtualMachines/m", Some(machine(&interface))).await;
    assert_eq!((status, &said["properties"]["provisioningState"]), (201, &json!("Creating")));
    for (path, wanted) in [
        ("virtualNetworks/n", "InUseSubnetCannotBeDeleted"),
        ("publicIPAddresses/ip", "PublicIPAddressCannotBeDeleted"),
        ("networkInterfaces/nic", "NicInUse"),
    ] {
        let said = scene.network("DELETE", path, None).await;
        assert_eq!(code(&said), (400, wanted), "{path}");
    }
    // A network that is put without its subnet would lose it.
    let bare =
        json!({ "location": "koreacentral", "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } } });
    let said = scene.network("PUT", "virtualNetworks/n", Some(bare.clone())).await;
    assert_eq!(code(&said), (400, "InUseSubnetCannotBeDeleted"));
    scene
        .made(
            "virtualNetworks/other",
            json!({ "addressSpace": { "addressPrefixes": ["10.2.0.0/16"] },
        "subnets": [{ "name": "s", "properties": { "addressPrefix": "10.2.0.0/24" } }] }),
        )
        .await;
    let (_, shown) = scene.network("PUT", "virtualNetworks/other", Some(bare)).await;
    assert_eq!(shown["properties"]["subnets"], json!([]));
}

#[tokio::test]
async fn a_machine_s_request_is_looked_at_closely() {
    let scene = Scene::new(Config::default()).await;
    let interface = scene.interface().await;
    let refused = [
        ("/properties/hardwareProfile/vmSize", json!("Standard_Huge"), 400, "InvalidParameter"),
        ("/properties/hardwareProfile/vmSize", json!("Standard_E4s_v4"), 409, "SkuNotAvailable"),
        ("/properties/hardwareProfile/vmSize", json!("Standard_D2ps_v5"), 400, "BadRequest"),
        ("/properties/storageProfile/imageReference/version", json!("1.2.3"), 404, "PlatformImageNotFound"),
        ("/properties/osProfile/adminUsername", json!("root"), 400, "InvalidParameter"),
        (
            "/properties/osProfile/linuxConfiguration/ssh/publicKeys/0/path",
            json!("/root/.ssh/authorized_keys"),
            400,
            "InvalidParameter",
        ),
        (
            "/properties/osProfile/linuxConfiguration/ssh/publicKeys/0/keyData",
            json!("ssh-dss AAAA"),
            400,
            "InvalidParameter",
        ),
        (
            "/properties/networkProfile/networkInterfaces/0/id",
            json!("/subscriptions/x"),
            400,
            "InvalidResourceReference",
        ),
    ];
    for (path, value, status, wanted) in refused {
        let mut body = machine(&interface);
        *body.pointer_mut(path).unwrap() = value;
        let said = scene.compute("PUT", "virtualMachines/m", Some(body)).await;
        assert_eq!(code(&said), (status, wanted), "{path}: {}", said.1);
    }
    for (data, wanted) in
        [("%", "InvalidParameter".to_owned()), (&"QUFB".repeat(22_000), "InvalidParameter".to_owned())]
    {
        let mut body = machine(&interface);
        body["properties"]["osProfile"]["customData"] = json!(data);
        let said = scene.compute("PUT", "virtualMachines/m", Some(body)).await;
        assert_eq!(code(&said), (400, wanted.as_str()));
    }
    let (status, _) = scene.compute("PUT", "virtualMachines/m", Some(machine(&interface))).await;
    assert_eq!(status, 201);
    let said = scene.compute("PUT", "virtualMachines/second", Some(machine(&interface))).await;
    assert_eq!(code(&said), (400, "NicInUse"));
    let mut other = machine(&interface);
    other["properties"]["osProfile"]["customData"] = json!("QUFB");
    let said = scene.compute("PUT", "virtualMachines/m", Some(other)).await;
    assert_eq!(code(&said), (409, "PropertyChangeNotAllowed"));
}

#[tokio::test]
async fn rules_have_their_own_priorities_and_known_words() {
    let scene = Scene::new(Config::default()).await;
    let rule = |name: &str, priority: u32| {
        json!({ "name": name, "properties": { "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22",
            "sourceAddressPrefix": "10.0.0.0/8", "destinationAddressPrefix": "*", "access": "Allow", "priority": priority, "direction": "Inbound" } })
    };
    let put = async |rules: Value| {
        let body = json!({ "location": "koreacentral", "properties": { "securityRules": rules } });
        scene.network("PUT", "networkSecurityGroups/f", Some(body)).await
    };
    assert_eq!(code(&put(json!([rule("a", 100), rule("b", 100)])).await), (400, "SecurityRuleConflict"));
    assert_eq!(code(&put(json!([rule("a", 99)])).await), (400, "SecurityRuleInvalidPriority"));
    for (key, value, wanted) in [
        ("access", "Alow", "SecurityRuleInvalidAccess"),
        ("protocol", "Tpc", "SecurityRuleInvalidProtocol"),
        ("destinationPortRange", "9-1", "SecurityRuleInvalidPortRange"),
        ("sourceAddressPrefix", "10.0.0.0/33", "SecurityRuleInvalidAddressPrefix"),
    ] {
        let mut bad = rule("a", 100);
        bad["properties"][key] = json!(value);
        assert_eq!(code(&put(json!([bad])).await), (400, wanted));
    }
    assert_eq!(put(json!([rule("a", 100), rule("b", 101)])).await.0, 201);
}

#[tokio::test]
async fn a_group_takes_everything_along_and_is_shut_meanwhile() {
    let mut config = Config::default();
    config.azure.group = Duration::from_secs(200);
    let scene = Scene::new(config).await;
    let interface = scene.interface().await;
    scene.compute("PUT", "virtualMachines/m", Some(machine(&interface))).await;
    let (status, _) = scene.client.ask("DELETE", RG, GROUPS, None).await;
    assert_eq!(status, 202);
    let said = scene.compute("PUT", "sshPublicKeys/k", Some(json!({ "location": "koreacentral" }))).await;
    assert_eq!(code(&said), (409, "ResourceGroupBeingDeleted"));
    while !scene.sim.everything().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(code(&scene.network("GET", "virtualNetworks", None).await), (404, "ResourceGroupNotFound"));
}

#[tokio::test]
async fn a_provider_must_be_registered() {
    let mut config = Config::default();
    config.azure.unregistered = vec!["Microsoft.Network".to_owned()];
    let scene = Scene::new(config).await;
    assert_eq!(code(&scene.network("GET", "virtualNetworks", None).await), (409, "MissingSubscriptionRegistration"));
    let state = async |scene: &Scene| {
        let (_, shown) = scene.client.ask("GET", "/providers/Microsoft.Network", GROUPS, None).await;
        shown["registrationState"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(&scene).await, "NotRegistered");
    scene.client.ask("POST", "/providers/Microsoft.Network/register", GROUPS, None).await;
    assert_eq!(state(&scene).await, "Registered");
    assert_eq!(scene.network("GET", "virtualNetworks", None).await.0, 200);
}
