import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/pages.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { theme } from './theme.svelte'

theme.apply()

const target = document.querySelector('#app')
if (target) mount(App, { target })
