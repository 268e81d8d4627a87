//! What can be wrong with a driver.

/// One misbehaviour, named as what the driver does.
macro_rules! flaws {
    ($($name:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Flaw { None, $($name),* }
        pub(crate) const FLAWS: &[Flaw] = &[$(Flaw::$name),*];
    };
}

flaws! {
    // Identity.
    MakesTwice,
    ForgetsTags,
    GoesByNameAlone,
    FoldsCaseOfKeys,
    CutsKeysShort,
    IgnoresGenerations,
    ForgetsGenerations,
    AdoptsByName,
    MakesWhatItCannot,
    // Absence.
    CallsErrorsAbsence,
    CallsFailedDeletesDone,
    CallsAbsenceAnError,
    CallsStartedDone,
    DeletesNothing,
    DeletesForOthers,
    TakesAnyAccount,
    TakesAnyKind,
    CannotDeleteTwice,
    // Listing.
    ListsOtherClusters,
    ListsOnePage,
    ListsTwice,
    ListsNoAddresses,
    ListsNoStopped,
    ListsNoDeleting,
    ListsGone,
    ListsEmptyOnError,
    ListsEveryRegion,
    ListsWrongOwners,
    // Packet filters.
    KeepsOldRules,
    NeverChangesRules,
    OpensSshToTheWorld,
    WidensPeers,
    ClosesRanges,
    TakesUdpForTcp,
    LosesIcmp,
    TrustsItsMemoryOfRules,
    // Machines, load balancers.
    LosesZone,
    TakesAnotherType,
    IsReadyTooEarly,
    IsPendingForEver,
    CallsStoppedReady,
    SwapsAddresses,
    LosesPublicAddress,
    CutsUserData,
    TrimsUserData,
    StopsInsteadOfReboot,
    CannotStopTwice,
    SwitchesAnything,
    KeepsOldTargets,
    LosesBalancerHost,
    // Planning.
    IgnoresQuota,
    IgnoresZones,
    IgnoresExactType,
    OffersDearestFirst,
    LosesPrices,
    MakesThingsWhenAsked,
    OffersSomethingElse,
    // Errors and secrets.
    CallsConflictsPermanent,
    CallsLostTransient,
    CallsThrottlePermanent,
    MixesUpCredentialErrors,
    CallsNoCapacityUnexpected,
    TriesAgainInside,
    LosesRemedies,
    LosesCodes,
    NamesNothing,
    TellsUserData,
    ShowsItsCredential,
    // Cancelling and deadlines.
    GoesOnWhenDropped,
    LeavesScaffolding,
    DeletesByHalves,
    GivesUpEarly,
}
