use std::sync::Arc;

use ladybug_core::{ErrorKind, ProviderName, cloud::DriverRegistry};

use crate::fake::{Fake, ready};

#[test]
fn an_unknown_name_is_refused_with_the_known_ones() {
    let unknown = ProviderName::new("other").unwrap();
    let error = DriverRegistry::new().get(&unknown).unwrap_err();
    assert!(error.to_string().ends_with("there are none"), "{error}");

    let drivers = DriverRegistry::new().with(Fake::list([ready()]));
    let error = drivers.get(&unknown).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("provider other") && error.to_string().ends_with(": fake"), "{error}");
}

#[test]
fn a_driver_is_found_by_its_own_name_and_replaced_by_its_namesake() {
    let mut drivers = DriverRegistry::new().with(Fake::list([ready()]));
    let second = Fake::list([ready()]);
    assert!(drivers.insert(Arc::clone(&second) as _).is_some());
    assert_eq!(drivers.iter().count(), 1);
    let found = drivers.get(&ProviderName::new("fake").unwrap()).cloned().unwrap();
    assert!(std::ptr::addr_eq(Arc::as_ptr(&found), Arc::as_ptr(&second)));
    assert_eq!(format!("{drivers:?}"), "{fake}");
}
