// Takes out of the address bar what the server had to be told once – that a first cookie was kept, that a link was
// the giver's own – so that whoever copies the address copies the article's own.

const address = new URL(location.href);
for (const name of ["kept", "own"]) address.searchParams.delete(name);
if (address.href !== location.href) history.replaceState(history.state, "", address);
